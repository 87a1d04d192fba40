package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;

/**
 * One number out of n, from its logits. A masked action has the logit minus infinity: it is never sampled, its terms in entropy and divergence are zero, its
 * gradient is zero.
 *
 * @param n how many actions
 * @param start what the environment calls action 0
 */
public record Categorical(int n, int start) implements ActionDistribution {
  public Categorical(int n) {
    this(n, 0);
  }

  @Override
  public int inputWidth() {
    return n;
  }

  @Override
  public int actionWidth() {
    return 1;
  }

  /** By inversion: one uniform draw. */
  @Override
  public void sample(float[] inputs, int at, Generator random, float[] action, int actionAt) {
    float max = max(inputs, at);
    double total = 0;
    for (int k = 0; k < n; k++) {
      total += Math.exp(inputs[at + k] - max);
    }
    double left = random.random() * total;
    int chosen = -1;
    for (int k = 0; k < n; k++) {
      double weight = Math.exp(inputs[at + k] - max);
      if (weight > 0) {
        chosen = k;
        left -= weight;
        if (left < 0) {
          break;
        }
      }
    }
    action[actionAt] = chosen;
  }

  @Override
  public void mode(float[] inputs, int at, float[] action, int actionAt) {
    int best = 0;
    for (int k = 1; k < n; k++) {
      if (inputs[at + k] > inputs[at + best]) {
        best = k;
      }
    }
    action[actionAt] = best;
  }

  @Override
  public double logProb(float[] inputs, int at, float[] action, int actionAt) {
    return inputs[at + (int) action[actionAt]] - logSumExp(inputs, at);
  }

  @Override
  public double entropy(float[] inputs, int at) {
    double normaliser = logSumExp(inputs, at);
    double entropy = 0;
    for (int k = 0; k < n; k++) {
      double logP = inputs[at + k] - normaliser;
      double p = Math.exp(logP);
      if (p > 0) {
        entropy -= p * logP;
      }
    }
    return entropy;
  }

  @Override
  public double kl(float[] oldInputs, int oldAt, float[] inputs, int at) {
    double oldNormaliser = logSumExp(oldInputs, oldAt);
    double normaliser = logSumExp(inputs, at);
    double kl = 0;
    for (int k = 0; k < n; k++) {
      double oldLogP = oldInputs[oldAt + k] - oldNormaliser;
      double p = Math.exp(oldLogP);
      if (p > 0) {
        kl += p * (oldLogP - (inputs[at + k] - normaliser));
      }
    }
    return kl;
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
    double normaliser = logSumExp(inputs, at);
    double oldNormaliser = ofKl == 0 ? 0 : logSumExp(oldInputs, oldAt);
    double entropy = ofEntropy == 0 ? 0 : entropy(inputs, at);
    int taken = (int) action[actionAt];
    for (int k = 0; k < n; k++) {
      double logP = inputs[at + k] - normaliser;
      double p = Math.exp(logP);
      double sum = 0;
      if (p > 0) {
        sum = ofLogProb * ((k == taken ? 1 : 0) - p) - ofEntropy * p * (logP + entropy);
        if (ofKl != 0) {
          sum += ofKl * (p - Math.exp(oldInputs[oldAt + k] - oldNormaliser));
        }
      }
      gradient[gradientAt + k] = (float) sum;
    }
  }

  @Override
  public void emit(float[] action, int at, float[] out, int outAt) {
    out[outAt] = action[at] + start;
  }

  @Override
  public void mask(boolean[] allowed, int allowedAt, float[] inputs, int at) {
    for (int k = 0; k < n; k++) {
      if (!allowed[allowedAt + k]) {
        inputs[at + k] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  @Override
  public void mask(float[] marked, int markedAt, float[] inputs, int at) {
    for (int k = 0; k < n; k++) {
      if (marked[markedAt + k] == Float.NEGATIVE_INFINITY) {
        inputs[at + k] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  private float max(float[] inputs, int at) {
    float max = inputs[at];
    for (int k = 1; k < n; k++) {
      max = Math.max(max, inputs[at + k]);
    }
    return max;
  }

  private double logSumExp(float[] inputs, int at) {
    float max = max(inputs, at);
    double sum = 0;
    for (int k = 0; k < n; k++) {
      sum += Math.exp(inputs[at + k] - max);
    }
    return max + Math.log(sum);
  }
}
