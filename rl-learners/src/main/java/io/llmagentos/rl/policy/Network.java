package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A differentiable function from rows to rows, with its parameters in one flat vector. One that remembers has a state of each episode beside, zeros where the
 * episode begins. All arrays are row by row and belong to the caller. The result for a row is the same bits whatever batch it is inferred in. Not thread-safe:
 * an instance holds the parameters it was last given and what a forward pass leaves for the backward pass; threads have instances of their own.
 */
public interface Network {
  int inputWidth();

  int outputWidth();

  /** S, numbers that it remembers of an episode; 0: nothing, each row is for itself. */
  default int stateWidth() {
    return 0;
  }

  /** Where which parameter lies; they fill the vector without gaps. */
  List<Segment> segments();

  default int parameterCount() {
    Segment last = segments().getLast();
    return last.offset() + last.length();
  }

  /** Draws fresh parameters into {@code parameters[at ..]}. */
  void initialise(Generator random, float[] parameters, int at);

  /** Copies {@code parameters[at .. at + parameterCount)}: what the passes compute with from now on. */
  void load(float[] parameters, int at);

  /** outputs [rows][outputWidth] = f(inputs [rows][inputWidth]), of rows that begin episodes; forgets what a forward pass left. */
  void infer(float[] inputs, int rows, float[] outputs);

  /** As {@link #infer(float[], int, float[])}, with the states before the rows, [rows][S]; they become those after the rows. */
  default void infer(float[] inputs, float[] states, int rows, float[] outputs) {
    infer(inputs, rows, outputs);
  }

  /** As {@link #infer(float[], int, float[])}, the same bits, and keeps what {@link #backward} needs. */
  void forward(float[] inputs, int rows, float[] outputs);

  /** As {@link #forward(float[], int, float[])}, of rows that follow one another; with a memory they are rounded as the batch makes it. */
  default void forward(float[] inputs, Sequences sequences, int rows, float[] outputs) {
    forward(inputs, rows, outputs);
  }

  /**
   * Backpropagates through the last forward pass, through time as far as its sequences go.
   *
   * @param outputGradients [rows][outputWidth]
   * @param parameterGradients receives the sum over the rows, in their order, at {@code at ..}; overwritten
   * @param inputGradients receives [rows][inputWidth], if it is there; overwritten
   */
  void backward(
      float[] outputGradients,
      float[] parameterGradients,
      int at,
      float @Nullable [] inputGradients);
}
