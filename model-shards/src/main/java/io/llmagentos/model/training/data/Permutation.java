package io.llmagentos.model.training.data;

/**
 * An order of the numbers 0 to n - 1 that is a pure function of a seed and needs no memory: a Feistel network over the next even number of bits, gone through
 * again until the number is below n (Black and Rogaway 2002, https://web.cs.ucdavis.edu/~rogaway/papers/subset.pdf).
 */
public final class Permutation {
  private static final int ROUNDS = 8;

  private final long size;
  private final int halfBits;
  private final long[] keys = new long[ROUNDS];

  public Permutation(long size, long seed) {
    this.size = size;
    this.halfBits = Math.max(1, Math.ceilDiv(Long.SIZE - Long.numberOfLeadingZeros(size - 1), 2));
    for (int i = 0; i < ROUNDS; i++) {
      keys[i] = DataSeeds.mix(seed, i);
    }
  }

  /** The number at an index. */
  public long at(long index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException(index + " of " + size);
    }
    long number = index;
    do {
      number = encrypt(number);
    } while (number >= size);
    return number;
  }

  private long encrypt(long number) {
    long mask = (1L << halfBits) - 1;
    long left = number >>> halfBits;
    long right = number & mask;
    for (long key : keys) {
      long next = left ^ (DataSeeds.mix(key, right) & mask);
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }
}
