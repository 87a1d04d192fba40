package io.llmagentos.model.training.data;

/** Seeds out of a seed and what they are for. */
public final class DataSeeds {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private DataSeeds() {}

  /** The seed of the {@code index}th of many. */
  public static long mix(long seed, long index) {
    return mix(mix(seed + GOLDEN) + GOLDEN * (index + 1));
  }

  /** SplitMix64's finaliser (Steele, Lea, Flood 2014). */
  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    long b = (a ^ (a >>> 27)) * 0x94d049bb133111ebL;
    return b ^ (b >>> 31);
  }
}
