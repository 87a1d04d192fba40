package io.llmagentos.rl.rollout;

/**
 * A run's seed spread over everything that draws random numbers. An environment's streams depend on the run's seed and on its index among all environments
 * of the run, so that nothing changes when environments move between runners.
 */
public enum Seeds {
  PARAMETERS(1),
  LEARNER(2),
  ENVIRONMENT(3),
  ACTIONS(4),
  EVALUATION_ENVIRONMENT(5),
  EVALUATION_ACTIONS(6);

  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private final int stream;

  Seeds(int stream) {
    this.stream = stream;
  }

  /** The seed of one stream. */
  public long of(long seed, int index) {
    return mix(mix(mix(seed + GOLDEN) + GOLDEN * stream) + GOLDEN * (1L + index));
  }

  /** SplitMix64's finaliser (Steele, Lea, Flood 2014). */
  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    long b = (a ^ (a >>> 27)) * 0x94d049bb133111ebL;
    return b ^ (b >>> 31);
  }
}
