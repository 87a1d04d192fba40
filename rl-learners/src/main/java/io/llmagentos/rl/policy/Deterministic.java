package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;

/** One action for sure: tanh of the inputs, in (-1, 1). It has no probabilities; what explores is an {@link ActionNoise}. */
public record Deterministic(int actionWidth) implements ActionDistribution {
  @Override
  public int inputWidth() {
    return actionWidth;
  }

  @Override
  public void sample(float[] inputs, int at, Generator random, float[] action, int actionAt) {
    mode(inputs, at, action, actionAt);
  }

  @Override
  public void mode(float[] inputs, int at, float[] action, int actionAt) {
    for (int i = 0; i < actionWidth; i++) {
      action[actionAt + i] = (float) Math.tanh(inputs[at + i]);
    }
  }

  @Override
  public double logProb(float[] inputs, int at, float[] action, int actionAt) {
    throw none();
  }

  @Override
  public double entropy(float[] inputs, int at) {
    throw none();
  }

  @Override
  public double kl(float[] oldInputs, int oldAt, float[] inputs, int at) {
    throw none();
  }

  @Override
  public void gradient(
      float[] inputs,
      int at,
      float[] action,
      int actionAt,
      double ofLogProb,
      double ofEntropy,
      float[] oldInputs,
      int oldAt,
      double ofKl,
      float[] gradient,
      int gradientAt) {
    throw none();
  }

  private static UnsupportedOperationException none() {
    return new UnsupportedOperationException("a deterministic policy has no probabilities");
  }
}
