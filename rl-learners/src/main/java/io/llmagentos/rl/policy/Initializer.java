package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;

/** How weights begin; biases of {@link #ORTHOGONAL} layers begin at zero. */
public enum Initializer {
  /** Orthogonal rows or columns times a gain (Saxe et al. 2014), as Stable-Baselines3 and CleanRL begin PPO: gain sqrt(2) in hidden layers. */
  ORTHOGONAL {
    @Override
    void fill(Generator random, int out, int in, double gain, float[] p, int weight, int bias) {
      double[][] basis = orthonormal(random, Math.max(out, in), Math.min(out, in));
      for (int j = 0; j < out; j++) {
        for (int k = 0; k < in; k++) {
          p[weight + j * in + k] = (float) (gain * (out <= in ? basis[j][k] : basis[k][j]));
        }
        p[bias + j] = 0;
      }
    }
  },
  /** Uniform in +-1/sqrt(in), biases too: PyTorch's {@code nn.Linear}. The gain is ignored. */
  FAN_IN {
    @Override
    void fill(Generator random, int out, int in, double gain, float[] p, int weight, int bias) {
      double bound = 1 / Math.sqrt(in);
      for (int i = 0; i < out * in; i++) {
        p[weight + i] = (float) random.uniform(-bound, bound);
      }
      for (int j = 0; j < out; j++) {
        p[bias + j] = (float) random.uniform(-bound, bound);
      }
    }
  };

  abstract void fill(
      Generator random, int out, int in, double gain, float[] parameters, int weight, int bias);

  /** {@code count} orthonormal vectors of {@code length}: Gram-Schmidt, twice, of normal draws. */
  private static double[][] orthonormal(Generator random, int length, int count) {
    double[][] basis = new double[count][length];
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < length; k++) {
        basis[i][k] = random.standardNormal();
      }
      for (int twice = 0; twice < 2; twice++) {
        for (int j = 0; j < i; j++) {
          double along = dot(basis[i], basis[j]);
          for (int k = 0; k < length; k++) {
            basis[i][k] -= along * basis[j][k];
          }
        }
      }
      double norm = Math.sqrt(dot(basis[i], basis[i]));
      for (int k = 0; k < length; k++) {
        basis[i][k] /= norm;
      }
    }
    return basis;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }
}
