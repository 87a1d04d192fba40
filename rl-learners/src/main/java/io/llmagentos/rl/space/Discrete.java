package io.llmagentos.rl.space;

import io.llmagentos.rl.random.Generator;
import org.jspecify.annotations.Nullable;

/** The integers {@code start .. start + n - 1}. Flat: one-hot of length n. */
public record Discrete(int n, int start) implements Space<Integer> {
  public Discrete {
    if (n < 1) {
      throw InvalidSpace.because("Discrete: n is " + n + ", must be at least 1");
    }
  }

  public Discrete(int n) {
    this(n, 0);
  }

  @Override
  public Integer sample(Generator random) {
    return start + (int) random.integers(n);
  }

  /** A sample among the allowed values; {@code start} if none is. */
  public int sample(Generator random, boolean[] mask) {
    int allowed = 0;
    for (int i = 0; i < n; i++) {
      allowed += mask[i] ? 1 : 0;
    }
    if (allowed == 0) {
      return start;
    }
    long chosen = random.integers(allowed);
    for (int i = 0; ; i++) {
      if (mask[i] && chosen-- == 0) {
        return start + i;
      }
    }
  }

  /** Whether {@code value} is one of the integers, not merely between them. */
  public boolean contains(float value) {
    return value >= start && value < (long) start + n && value == (int) value;
  }

  @Override
  public boolean contains(@Nullable Object value) {
    return value instanceof Integer number && number >= start && number - start < n;
  }

  @Override
  public int flatdim() {
    return n;
  }

  @Override
  public void flatten(Integer value, float[] out, int offset) {
    OneHot.write(value - start, n, out, offset);
  }

  @Override
  public Integer unflatten(float[] flat, int offset) {
    return start + OneHot.read(n, flat, offset);
  }

  @Override
  public int width() {
    return 1;
  }

  @Override
  public void encode(Integer value, float[] out, int offset) {
    out[offset] = value;
  }

  @Override
  public Integer decode(float[] encoded, int offset) {
    return (int) encoded[offset];
  }
}
