package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;

/**
 * A distribution over actions, given by one row of numbers that a network puts out. Rows lie in larger arrays at an offset. Actions are in the
 * distribution's own form; {@link #emit} says what the environment gets. Stateless, hence thread-safe.
 */
public interface ActionDistribution {
  /** Numbers that give the distribution. */
  int inputWidth();

  /** Numbers of an action. */
  int actionWidth();

  void sample(float[] inputs, int at, Generator random, float[] action, int actionAt);

  /** The action that a greedy policy takes. */
  void mode(float[] inputs, int at, float[] action, int actionAt);

  /** The natural logarithm of the probability (density) of an action. */
  double logProb(float[] inputs, int at, float[] action, int actionAt);

  /** In nats. */
  double entropy(float[] inputs, int at);

  /** KL(old || new), in nats. */
  double kl(float[] oldInputs, int oldAt, float[] inputs, int at);

  /**
   * gradient[k] = d/d inputs[k] of (ofLogProb * logProb(action) + ofEntropy * entropy + ofKl * KL(old || this)).
   *
   * @param oldInputs with {@code oldAt}; not read if {@code ofKl} is 0
   */
  void gradient(
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
      int gradientAt);

  /** Writes the action as the environment's side sees it: a number out of n as itself, a real number before it is fitted into its bounds. */
  default void emit(float[] action, int at, float[] out, int outAt) {
    System.arraycopy(action, at, out, outAt, actionWidth());
  }

  /** Marks actions that must not be taken in the inputs; they then have probability 0 and no gradient. */
  default void mask(boolean[] allowed, int allowedAt, float[] inputs, int at) {
    throw new UnsupportedOperationException(getClass().getSimpleName() + " has no masks");
  }

  /** Copies the marks of {@link #mask} from one row to another. */
  default void mask(float[] marked, int markedAt, float[] inputs, int at) {}
}
