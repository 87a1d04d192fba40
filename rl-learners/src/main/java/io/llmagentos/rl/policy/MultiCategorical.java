package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;
import java.util.List;

/**
 * Independent numbers, each a {@link Categorical} over its own stretch of the logits, as RLlib's {@code TorchMultiCategorical}: log-probabilities, entropies and
 * divergences add up. A mask has an entry for each logit.
 *
 * @param parts one for each number, in order
 */
public record MultiCategorical(List<Categorical> parts) implements ActionDistribution {
  public MultiCategorical {
    parts = List.copyOf(parts);
  }

  @Override
  public int inputWidth() {
    return parts.stream().mapToInt(Categorical::n).sum();
  }

  @Override
  public int actionWidth() {
    return parts.size();
  }

  @Override
  public void sample(float[] inputs, int at, Generator random, float[] action, int actionAt) {
    int from = at;
    for (int i = 0; i < parts.size(); i++) {
      parts.get(i).sample(inputs, from, random, action, actionAt + i);
      from += parts.get(i).n();
    }
  }

  @Override
  public void mode(float[] inputs, int at, float[] action, int actionAt) {
    int from = at;
    for (int i = 0; i < parts.size(); i++) {
      parts.get(i).mode(inputs, from, action, actionAt + i);
      from += parts.get(i).n();
    }
  }

  @Override
  public double logProb(float[] inputs, int at, float[] action, int actionAt) {
    double sum = 0;
    int from = at;
    for (int i = 0; i < parts.size(); i++) {
      sum += parts.get(i).logProb(inputs, from, action, actionAt + i);
      from += parts.get(i).n();
    }
    return sum;
  }

  @Override
  public double entropy(float[] inputs, int at) {
    double sum = 0;
    int from = at;
    for (Categorical part : parts) {
      sum += part.entropy(inputs, from);
      from += part.n();
    }
    return sum;
  }

  @Override
  public double kl(float[] oldInputs, int oldAt, float[] inputs, int at) {
    double sum = 0;
    int from = 0;
    for (Categorical part : parts) {
      sum += part.kl(oldInputs, oldAt + from, inputs, at + from);
      from += part.n();
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
    int from = 0;
    for (int i = 0; i < parts.size(); i++) {
      parts
          .get(i)
          .gradient(
              inputs,
              at + from,
              action,
              actionAt + i,
              ofLogProb,
              ofEntropy,
              oldInputs,
              oldAt + from,
              ofKl,
              gradient,
              gradientAt + from);
      from += parts.get(i).n();
    }
  }

  @Override
  public void emit(float[] action, int at, float[] out, int outAt) {
    for (int i = 0; i < parts.size(); i++) {
      parts.get(i).emit(action, at + i, out, outAt + i);
    }
  }

  @Override
  public void mask(boolean[] allowed, int allowedAt, float[] inputs, int at) {
    int from = 0;
    for (Categorical part : parts) {
      part.mask(allowed, allowedAt + from, inputs, at + from);
      from += part.n();
    }
  }

  @Override
  public void mask(float[] marked, int markedAt, float[] inputs, int at) {
    int from = 0;
    for (Categorical part : parts) {
      part.mask(marked, markedAt + from, inputs, at + from);
      from += part.n();
    }
  }
}
