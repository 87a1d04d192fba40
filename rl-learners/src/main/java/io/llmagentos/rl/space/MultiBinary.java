package io.llmagentos.rl.space;

import io.llmagentos.rl.random.Generator;
import org.jspecify.annotations.Nullable;

/** {@code n} bits, each 0 or 1. */
public record MultiBinary(int n) implements Space<byte[]> {
  public MultiBinary {
    if (n < 1) {
      throw InvalidSpace.because("MultiBinary: n is " + n + ", must be at least 1");
    }
  }

  @Override
  public byte[] sample(Generator random) {
    return random.bits(n);
  }

  @Override
  public boolean contains(@Nullable Object value) {
    if (!(value instanceof byte[] array) || array.length != n) {
      return false;
    }
    for (byte bit : array) {
      if (bit != 0 && bit != 1) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int flatdim() {
    return n;
  }

  @Override
  public void flatten(byte[] value, float[] out, int offset) {
    for (int i = 0; i < n; i++) {
      out[offset + i] = value[i];
    }
  }

  @Override
  public byte[] unflatten(float[] flat, int offset) {
    byte[] value = new byte[n];
    for (int i = 0; i < n; i++) {
      value[i] = (byte) flat[offset + i];
    }
    return value;
  }

  @Override
  public int width() {
    return n;
  }

  @Override
  public void encode(byte[] value, float[] out, int offset) {
    flatten(value, out, offset);
  }

  @Override
  public byte[] decode(float[] encoded, int offset) {
    return unflatten(encoded, offset);
  }
}
