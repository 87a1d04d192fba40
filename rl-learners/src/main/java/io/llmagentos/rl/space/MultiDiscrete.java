package io.llmagentos.rl.space;

import io.llmagentos.rl.random.Generator;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Several numbers: {@code start[i] .. start[i] + nvec[i] - 1}. Flat: their one-hots, one after the other. */
public record MultiDiscrete(int[] nvec, int[] start) implements Space<int[]> {
  public MultiDiscrete {
    nvec = nvec.clone();
    start = start.clone();
    if (nvec.length == 0
        || nvec.length != start.length
        || IntStream.of(nvec).anyMatch(n -> n < 1)) {
      throw InvalidSpace.because("MultiDiscrete: nvec " + Arrays.toString(nvec)
          + " must be positive and as long as start " + Arrays.toString(start));
    }
  }

  public MultiDiscrete(int... nvec) {
    this(nvec, new int[nvec.length]);
  }

  @Override
  public int[] nvec() {
    return nvec.clone();
  }

  @Override
  public int[] start() {
    return start.clone();
  }

  @Override
  public int[] sample(Generator random) {
    int[] value = new int[nvec.length];
    for (int i = 0; i < value.length; i++) {
      value[i] = start[i] + (int) (random.random() * nvec[i]);
    }
    return value;
  }

  @Override
  public boolean contains(@Nullable Object value) {
    return value instanceof int[] array
        && array.length == nvec.length
        && IntStream.range(0, nvec.length)
            .allMatch(i -> array[i] >= start[i] && array[i] - start[i] < nvec[i]);
  }

  @Override
  public int flatdim() {
    return IntStream.of(nvec).sum();
  }

  @Override
  public void flatten(int[] value, float[] out, int offset) {
    int at = offset;
    for (int i = 0; i < nvec.length; i++) {
      OneHot.write(value[i] - start[i], nvec[i], out, at);
      at += nvec[i];
    }
  }

  @Override
  public int[] unflatten(float[] flat, int offset) {
    int[] value = new int[nvec.length];
    int at = offset;
    for (int i = 0; i < nvec.length; i++) {
      value[i] = start[i] + OneHot.read(nvec[i], flat, at);
      at += nvec[i];
    }
    return value;
  }

  @Override
  public int width() {
    return nvec.length;
  }

  @Override
  public void encode(int[] value, float[] out, int offset) {
    for (int i = 0; i < nvec.length; i++) {
      out[offset + i] = value[i];
    }
  }

  @Override
  public int[] decode(float[] encoded, int offset) {
    int[] value = new int[nvec.length];
    for (int i = 0; i < nvec.length; i++) {
      value[i] = (int) encoded[offset + i];
    }
    return value;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof MultiDiscrete space
        && Arrays.equals(nvec, space.nvec)
        && Arrays.equals(start, space.start);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(nvec) + Arrays.hashCode(start);
  }

  @Override
  public String toString() {
    return "MultiDiscrete(" + Arrays.toString(nvec)
        + (IntStream.of(start).allMatch(s -> s == 0) ? "" : ", start=" + Arrays.toString(start))
        + ")";
  }
}
