package io.llmagentos.rl.random;

import java.util.Arrays;

/**
 * NumPy's {@code SeedSequence}: any seed becomes well mixed words. A seed is read as an unsigned 64-bit number.
 *
 * <p>M. E. O'Neill, "Developing a seed_seq alternative", 2015; NumPy's constants.
 */
final class SeedSequence {
  private static final int POOL = 4;
  private static final int INIT_A = 0x43b0d7e5;
  private static final int MULT_A = 0x931e8875;
  private static final int INIT_B = 0x8b51f9dd;
  private static final int MULT_B = 0x58f38ded;
  private static final int MIX_L = 0xca01f9dd;
  private static final int MIX_R = 0x4973f715;

  private final int[] pool = new int[POOL];
  private int hashConstant = INIT_A;

  /** @param entropy 32-bit words, the least significant first */
  SeedSequence(int... entropy) {
    int[] words = Arrays.copyOf(entropy, Math.max(POOL, entropy.length));
    for (int i = 0; i < POOL; i++) {
      pool[i] = hash(words[i]);
    }
    for (int source = 0; source < POOL; source++) {
      for (int target = 0; target < POOL; target++) {
        if (source != target) {
          pool[target] = mix(pool[target], hash(pool[source]));
        }
      }
    }
    for (int source = POOL; source < words.length; source++) {
      for (int target = 0; target < POOL; target++) {
        pool[target] = mix(pool[target], hash(words[source]));
      }
    }
  }

  static SeedSequence of(long seed) {
    return new SeedSequence((int) seed, (int) (seed >>> 32));
  }

  /** The first {@code n} words of {@code generate_state(n, uint64)}. */
  long[] state(int n) {
    long[] state = new long[n];
    int constant = INIT_B;
    for (int i = 0; i < 2 * n; i++) {
      int value = pool[i % POOL] ^ constant;
      constant *= MULT_B;
      value *= constant;
      value ^= value >>> 16;
      state[i / 2] |= Integer.toUnsignedLong(value) << (32 * (i % 2));
    }
    return state;
  }

  private int hash(int word) {
    int value = word ^ hashConstant;
    hashConstant *= MULT_A;
    value *= hashConstant;
    return value ^ (value >>> 16);
  }

  private static int mix(int x, int y) {
    int value = MIX_L * x - MIX_R * y;
    return value ^ (value >>> 16);
  }
}
