package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;
import java.util.ArrayList;
import java.util.List;

/**
 * From observations to the inputs of a distribution: the first columns of a network and, where the network does not say them, free logarithms of standard
 * deviations behind its parameters ({@code log_std}). Not thread-safe.
 */
public final class Policy {
  private final Network network;
  private final ActionDistribution distribution;
  private final int fromNetwork;
  private final float[] logStd;
  private float[] outputs = {};

  /** @param freeLogStd whether the last {@code actionWidth} inputs of the distribution are parameters and not outputs of the network */
  public Policy(Network network, ActionDistribution distribution, boolean freeLogStd) {
    this.network = network;
    this.distribution = distribution;
    this.logStd = new float[freeLogStd ? distribution.actionWidth() : 0];
    this.fromNetwork = distribution.inputWidth() - logStd.length;
    if (network.outputWidth() < fromNetwork) {
      throw new IllegalArgumentException("the network puts out " + network.outputWidth()
          + " numbers, the distribution needs " + fromNetwork);
    }
  }

  public Network network() {
    return network;
  }

  public ActionDistribution distribution() {
    return distribution;
  }

  public List<Segment> segments() {
    List<Segment> segments = new ArrayList<>(network.segments());
    if (logStd.length > 0) {
      segments.add(new Segment("log_std", new int[] {logStd.length}, network.parameterCount()));
    }
    return List.copyOf(segments);
  }

  public int parameterCount() {
    return network.parameterCount() + logStd.length;
  }

  /** Free standard deviations begin at 1. */
  public void initialise(Generator random, float[] parameters, int at) {
    network.initialise(random, parameters, at);
  }

  public void load(float[] parameters, int at) {
    network.load(parameters, at);
    System.arraycopy(parameters, at + network.parameterCount(), logStd, 0, logStd.length);
  }

  /** inputs [rows][inputWidth of the distribution], from observations [rows][D] and the network's states before them [rows][S], which become those after. */
  public void infer(float[] observations, float[] states, int rows, float[] inputs) {
    network.infer(observations, states, rows, room(rows));
    spread(rows, inputs);
  }

  /** As {@link #infer}, ready for {@link #backward}. */
  public void forward(float[] observations, Sequences sequences, int rows, float[] inputs) {
    network.forward(observations, sequences, rows, room(rows));
    spread(rows, inputs);
  }

  /** The network's output of the last pass, [rows][outputWidth]. */
  float[] outputs() {
    return outputs;
  }

  /** The gradient of the parameters at {@code at ..}; {@code networkGradients} [rows][outputWidth] has what further columns of the network get. */
  void backward(
      float[] inputGradients, float[] networkGradients, int rows, float[] gradients, int at) {
    int width = distribution.inputWidth();
    int networkWidth = network.outputWidth();
    for (int m = 0; m < rows; m++) {
      System.arraycopy(inputGradients, m * width, networkGradients, m * networkWidth, fromNetwork);
    }
    network.backward(networkGradients, gradients, at, null);
    for (int i = 0; i < logStd.length; i++) {
      float sum = 0;
      for (int m = 0; m < rows; m++) {
        sum += inputGradients[m * width + fromNetwork + i];
      }
      gradients[at + network.parameterCount() + i] = sum;
    }
  }

  private float[] room(int rows) {
    if (outputs.length < rows * network.outputWidth()) {
      outputs = new float[rows * network.outputWidth()];
    }
    return outputs;
  }

  private void spread(int rows, float[] inputs) {
    int width = distribution.inputWidth();
    int networkWidth = network.outputWidth();
    for (int m = 0; m < rows; m++) {
      System.arraycopy(outputs, m * networkWidth, inputs, m * width, fromNetwork);
      System.arraycopy(logStd, 0, inputs, m * width + fromNetwork, logStd.length);
    }
  }
}
