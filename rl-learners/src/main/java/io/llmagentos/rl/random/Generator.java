package io.llmagentos.rl.random;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;

/**
 * NumPy's {@code Generator(PCG64(SeedSequence(seed)))}: the same seed gives the same draws, bit for bit (normal and exponential draws to the last bit of
 * {@code exp} and {@code log1p}). Not thread-safe. The state, buffered half-draw included, can be {@linkplain #write written} and
 * {@linkplain #read read} again.
 */
public final class Generator {
  private final Pcg64 bits;

  private Generator(SeedSequence seed) {
    this.bits = new Pcg64(seed);
  }

  /** @param seed read as unsigned */
  public static Generator of(long seed) {
    return new Generator(SeedSequence.of(seed));
  }

  /** A generator that nobody seeded: from the machine's entropy, different every time. */
  public static Generator ofEntropy() {
    SecureRandom random = new SecureRandom();
    return new Generator(
        new SeedSequence(random.nextInt(), random.nextInt(), random.nextInt(), random.nextInt()));
  }

  /** Uniform in [0, 1). */
  public double random() {
    return bits.nextDouble();
  }

  /** Uniform in [low, high). */
  public double uniform(double low, double high) {
    return low + (high - low) * bits.nextDouble();
  }

  /** An integer in [0, bound). */
  public long integers(long bound) {
    return integers(0, bound);
  }

  /** An integer in [low, high), as {@code integers(low, high)} with NumPy's default 64-bit type (Lemire 2019). */
  public long integers(long low, long high) {
    if (low >= high) {
      throw new IllegalArgumentException("low " + low + " must be below high " + high);
    }
    long range = high - 1 - low; // inclusive, unsigned
    if (range == 0) {
      return low;
    }
    if (Long.compareUnsigned(range, 0xffffffffL) < 0) {
      return low + bounded32(range);
    }
    if (range == 0xffffffffL) {
      return low + Integer.toUnsignedLong(bits.nextInt());
    }
    return low + (range == -1 ? bits.nextLong() : bounded64(range));
  }

  /** {@code n} independent bits, as {@code integers(0, 2, n, dtype=int8)}: four from one 32-bit draw. */
  public byte[] bits(int n) {
    byte[] out = new byte[n];
    int word = 0;
    for (int i = 0; i < n; i++) {
      word = i % 4 == 0 ? bits.nextInt() : word >>> 8;
      out[i] = (byte) ((word >>> 7) & 1);
    }
    return out;
  }

  /** An index by its probability, as {@code choice(n, p=probabilities)}. */
  public int choice(double[] probabilities) {
    double[] cumulative = probabilities.clone();
    for (int i = 1; i < cumulative.length; i++) {
      cumulative[i] += cumulative[i - 1];
    }
    double total = cumulative[cumulative.length - 1];
    double draw = bits.nextDouble();
    int index = 0;
    while (index < cumulative.length - 1 && cumulative[index] / total <= draw) {
      index++;
    }
    return index;
  }

  public double standardNormal() {
    return Ziggurat.normal(bits);
  }

  public double normal(double mean, double deviation) {
    return mean + deviation * Ziggurat.normal(bits);
  }

  public double standardExponential() {
    return Ziggurat.exponential(bits);
  }

  /** PCG64's 128-bit state. */
  BigInteger state() {
    return bits.state();
  }

  BigInteger increment() {
    return bits.increment();
  }

  public void write(DataOutput out) throws IOException {
    bits.write(out);
  }

  public void read(DataInput in) throws IOException {
    bits.read(in);
  }

  private long bounded32(long range) {
    long exclusive = range + 1;
    long product = Integer.toUnsignedLong(bits.nextInt()) * exclusive;
    long leftover = product & 0xffffffffL;
    if (leftover < exclusive) {
      long threshold = (0xffffffffL - range) % exclusive;
      while (leftover < threshold) {
        product = Integer.toUnsignedLong(bits.nextInt()) * exclusive;
        leftover = product & 0xffffffffL;
      }
    }
    return product >>> 32;
  }

  private long bounded64(long range) {
    long exclusive = range + 1;
    long draw = bits.nextLong();
    long leftover = draw * exclusive;
    if (Long.compareUnsigned(leftover, exclusive) < 0) {
      long threshold = Long.remainderUnsigned(-1 - range, exclusive);
      while (Long.compareUnsigned(leftover, threshold) < 0) {
        draw = bits.nextLong();
        leftover = draw * exclusive;
      }
    }
    return Math.unsignedMultiplyHigh(draw, exclusive);
  }
}
