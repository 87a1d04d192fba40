package io.llmagentos.rl.env.classic;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Space;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A dynamical system of a few float64 numbers. A wrapped one is found by {@link #unwrapped}; its state may be read and set. */
public abstract class ClassicControl<A> implements ArrayEnv<float[], A> {
  private final Box observationSpace;
  private final Space<A> actionSpace;
  final double[] state;
  private @Nullable Generator random;

  ClassicControl(Box observationSpace, Space<A> actionSpace, int stateWidth) {
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.state = new double[stateWidth];
  }

  /** Draws the first state of an episode. */
  abstract void start(Generator random);

  /** Writes the observation of the present state. */
  public abstract void observe(float[] observation, int offset);

  /** Writes what the future depends on beside state and random numbers. */
  void write(DataOutput out) throws IOException {}

  /** Reads what {@link #write} wrote. */
  void read(DataInput in) throws IOException {}

  @Override
  public final Box observationSpace() {
    return observationSpace;
  }

  @Override
  public final Space<A> actionSpace() {
    return actionSpace;
  }

  /** A copy of the state. */
  public final double[] state() {
    return state.clone();
  }

  /** Goes to a state; the episode goes on. */
  public final void state(double... next) {
    if (next.length != state.length) {
      throw new IllegalArgumentException(
          "the state has " + state.length + " numbers, not " + next.length);
    }
    System.arraycopy(next, 0, state, 0, next.length);
  }

  @Override
  public final Map<String, Object> reset(float[] observation, int offset) {
    start(random());
    observe(observation, offset);
    return Map.of();
  }

  @Override
  public final Map<String, Object> reset(long seed, float[] observation, int offset) {
    random = Generator.of(seed);
    return reset(observation, offset);
  }

  private Generator random() {
    Generator present = random;
    if (present == null) {
      present = Generator.ofEntropy();
      random = present;
    }
    return present;
  }

  @Override
  public final Optional<byte[]> snapshot() {
    return Optional.of(Snapshot.of(out -> {
      random().write(out);
      for (double number : state) {
        out.writeDouble(number);
      }
      write(out);
    }));
  }

  @Override
  public final void restore(byte[] snapshot) {
    Snapshot.read(snapshot, in -> {
      random().read(in);
      for (int i = 0; i < state.length; i++) {
        state[i] = in.readDouble();
      }
      read(in);
    });
  }
}
