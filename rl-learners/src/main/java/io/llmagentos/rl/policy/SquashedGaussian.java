package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;

/**
 * tanh of independent normal numbers (Haarnoja et al. 2018), so that actions lie in (-1, 1). An action in its own form is the number before tanh, which
 * keeps {@link #logProb}, with its log-determinant, exact at the edges. The entropy's expectation is a Gauss-Hermite quadrature, and its gradient is that of the
 * quadrature. Inputs as {@link DiagonalGaussian}.
 */
public record SquashedGaussian(int actionWidth) implements ActionDistribution {
  /** Nodes and weights for the expectation under a standard normal: 9 points, exact for polynomials of degree 17. */
  private static final double[] NODES = {
    0,
    1.0232556637891326,
    -1.0232556637891326,
    2.07684797867783,
    -2.07684797867783,
    3.2054290028564703,
    -3.2054290028564703,
    4.512745863399783,
    -4.512745863399783
  };

  private static final double[] WEIGHTS = {
    0.40634920634920635, 0.2440975028949393, 0.2440975028949393, 0.04991640676521788,
    0.04991640676521788, 0.0027891413212317675, 0.0027891413212317675, 2.2345844007746586e-05,
    2.2345844007746586e-05
  };

  private static final double LOG_2 = Math.log(2);

  private DiagonalGaussian gaussian() {
    return new DiagonalGaussian(actionWidth);
  }

  @Override
  public int inputWidth() {
    return 2 * actionWidth;
  }

  @Override
  public void sample(float[] inputs, int at, Generator random, float[] action, int actionAt) {
    gaussian().sample(inputs, at, random, action, actionAt);
  }

  @Override
  public void mode(float[] inputs, int at, float[] action, int actionAt) {
    gaussian().mode(inputs, at, action, actionAt);
  }

  @Override
  public double logProb(float[] inputs, int at, float[] action, int actionAt) {
    double sum = gaussian().logProb(inputs, at, action, actionAt);
    for (int i = 0; i < actionWidth; i++) {
      sum -= logDerivative(action[actionAt + i]);
    }
    return sum;
  }

  /** log(1 - tanh(u)^2). */
  private static double logDerivative(double u) {
    double v = Math.abs(u);
    return 2 * (LOG_2 - v - Math.log1p(Math.exp(-2 * v)));
  }

  @Override
  public double entropy(float[] inputs, int at) {
    double sum = gaussian().entropy(inputs, at);
    for (int i = 0; i < actionWidth; i++) {
      double deviation = Math.exp(inputs[at + actionWidth + i]);
      for (int q = 0; q < NODES.length; q++) {
        sum += WEIGHTS[q] * logDerivative(inputs[at + i] + deviation * NODES[q]);
      }
    }
    return sum;
  }

  /** That of the numbers before tanh: it is the same. */
  @Override
  public double kl(float[] oldInputs, int oldAt, float[] inputs, int at) {
    return gaussian().kl(oldInputs, oldAt, inputs, at);
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
    gaussian()
        .gradient(
            inputs,
            at,
            action,
            actionAt,
            ofLogProb,
            ofEntropy,
            oldInputs,
            oldAt,
            ofKl,
            gradient,
            gradientAt);
    if (ofEntropy == 0) {
      return;
    }
    for (int i = 0; i < actionWidth; i++) {
      double deviation = Math.exp(inputs[at + actionWidth + i]);
      for (int q = 0; q < NODES.length; q++) {
        double slope =
            -2 * WEIGHTS[q] * ofEntropy * Math.tanh(inputs[at + i] + deviation * NODES[q]);
        gradient[gradientAt + i] += (float) slope;
        gradient[gradientAt + actionWidth + i] += (float) (slope * deviation * NODES[q]);
      }
    }
  }

  @Override
  public void emit(float[] action, int at, float[] out, int outAt) {
    for (int i = 0; i < actionWidth; i++) {
      out[outAt + i] = (float) Math.tanh(action[at + i]);
    }
  }
}
