package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;

/** Independent normal numbers. Inputs: means, then logarithms of the standard deviations. */
public record DiagonalGaussian(int actionWidth) implements ActionDistribution {
  private static final double HALF_LOG_2_PI = 0.5 * Math.log(2 * Math.PI);

  @Override
  public int inputWidth() {
    return 2 * actionWidth;
  }

  @Override
  public void sample(float[] inputs, int at, Generator random, float[] action, int actionAt) {
    for (int i = 0; i < actionWidth; i++) {
      double deviation = Math.exp(inputs[at + actionWidth + i]);
      action[actionAt + i] = (float) (inputs[at + i] + deviation * random.standardNormal());
    }
  }

  @Override
  public void mode(float[] inputs, int at, float[] action, int actionAt) {
    System.arraycopy(inputs, at, action, actionAt, actionWidth);
  }

  @Override
  public double logProb(float[] inputs, int at, float[] action, int actionAt) {
    double sum = 0;
    for (int i = 0; i < actionWidth; i++) {
      double logStd = inputs[at + actionWidth + i];
      double z = (action[actionAt + i] - inputs[at + i]) * Math.exp(-logStd);
      sum -= 0.5 * z * z + logStd + HALF_LOG_2_PI;
    }
    return sum;
  }

  @Override
  public double entropy(float[] inputs, int at) {
    double sum = 0;
    for (int i = 0; i < actionWidth; i++) {
      sum += 0.5 + HALF_LOG_2_PI + inputs[at + actionWidth + i];
    }
    return sum;
  }

  @Override
  public double kl(float[] oldInputs, int oldAt, float[] inputs, int at) {
    double sum = 0;
    for (int i = 0; i < actionWidth; i++) {
      double oldLogStd = oldInputs[oldAt + actionWidth + i];
      double logStd = inputs[at + actionWidth + i];
      double ratio = Math.exp(oldLogStd - logStd);
      double z = (oldInputs[oldAt + i] - inputs[at + i]) * Math.exp(-logStd);
      sum += logStd - oldLogStd + 0.5 * (ratio * ratio + z * z - 1);
    }
    return sum;
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
    for (int i = 0; i < actionWidth; i++) {
      double logStd = inputs[at + actionWidth + i];
      double inverse = Math.exp(-logStd);
      double z = (action[actionAt + i] - inputs[at + i]) * inverse;
      double ofMean = ofLogProb * z * inverse;
      double ofLogStd = ofLogProb * (z * z - 1) + ofEntropy;
      if (ofKl != 0) {
        double ratio = Math.exp(oldInputs[oldAt + actionWidth + i] - logStd);
        double apart = (oldInputs[oldAt + i] - inputs[at + i]) * inverse;
        ofMean -= ofKl * apart * inverse;
        ofLogStd += ofKl * (1 - ratio * ratio - apart * apart);
      }
      gradient[gradientAt + i] = (float) ofMean;
      gradient[gradientAt + actionWidth + i] = (float) ofLogStd;
    }
  }
}
