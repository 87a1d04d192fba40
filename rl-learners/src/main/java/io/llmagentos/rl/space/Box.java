package io.llmagentos.rl.space;

import io.llmagentos.rl.random.Generator;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An array of float32 numbers with a lower and an upper bound each, infinite where there is none.
 *
 * @param low lower bounds, row by row
 * @param high upper bounds, row by row
 * @param shape lengths of the dimensions; their product is the number of bounds
 */
public record Box(float[] low, float[] high, int[] shape) implements Space<float[]> {
  public Box {
    low = low.clone();
    high = high.clone();
    shape = shape.clone();
    long size = 1;
    for (int length : shape) {
      if (length < 1) {
        throw InvalidSpace.because("Box: shape " + Arrays.toString(shape) + " must be positive");
      }
      size *= length;
    }
    if (low.length != size || high.length != size) {
      throw InvalidSpace.because("Box: " + low.length + " lower and " + high.length
          + " upper bounds do not fill the shape " + Arrays.toString(shape));
    }
    for (int i = 0; i < low.length; i++) {
      if (!(low[i] <= high[i])) {
        throw InvalidSpace.because(
            "Box: low[" + i + "] = " + low[i] + " must not be above high[" + i + "] = " + high[i]);
      }
    }
  }

  /** One dimension. */
  public static Box of(float[] low, float[] high) {
    return new Box(low, high, new int[] {low.length});
  }

  /** The same bounds everywhere. */
  public static Box of(float low, float high, int... shape) {
    int size = 1;
    for (int length : shape) {
      size *= length;
    }
    float[] lows = new float[size];
    float[] highs = new float[size];
    Arrays.fill(lows, low);
    Arrays.fill(highs, high);
    return new Box(lows, highs, shape);
  }

  @Override
  public float[] low() {
    return low.clone();
  }

  @Override
  public float[] high() {
    return high.clone();
  }

  @Override
  public int[] shape() {
    return shape.clone();
  }

  public float low(int index) {
    return low[index];
  }

  public float high(int index) {
    return high[index];
  }

  /** Whether the numbers at {@code offset} are a value of this space. */
  public boolean contains(float[] values, int offset) {
    for (int i = 0; i < low.length; i++) {
      float value = values[offset + i];
      if (!(value >= low[i] && value <= high[i])) {
        return false;
      }
    }
    return true;
  }

  /** Uniform between two bounds, exponential from one, normal without; drawn in that order of kinds: none, lower, upper, both. */
  @Override
  public float[] sample(Generator random) {
    double[] draws = new double[low.length];
    for (int i = 0; i < draws.length; i++) {
      if (!boundedBelow(i) && !boundedAbove(i)) {
        draws[i] = random.standardNormal();
      }
    }
    for (int i = 0; i < draws.length; i++) {
      if (boundedBelow(i) && !boundedAbove(i)) {
        draws[i] = random.standardExponential() + low[i];
      }
    }
    for (int i = 0; i < draws.length; i++) {
      if (!boundedBelow(i) && boundedAbove(i)) {
        draws[i] = -random.standardExponential() + high[i];
      }
    }
    float[] value = new float[draws.length];
    for (int i = 0; i < draws.length; i++) {
      if (boundedBelow(i) && boundedAbove(i)) {
        draws[i] = random.uniform(low[i], high[i]);
      }
      value[i] = (float) draws[i];
    }
    return value;
  }

  @Override
  public boolean contains(@Nullable Object value) {
    return value instanceof float[] array && array.length == low.length && contains(array, 0);
  }

  @Override
  public int flatdim() {
    return low.length;
  }

  @Override
  public void flatten(float[] value, float[] out, int offset) {
    System.arraycopy(value, 0, out, offset, low.length);
  }

  @Override
  public float[] unflatten(float[] flat, int offset) {
    return Arrays.copyOfRange(flat, offset, offset + low.length);
  }

  @Override
  public int width() {
    return low.length;
  }

  @Override
  public void encode(float[] value, float[] out, int offset) {
    flatten(value, out, offset);
  }

  @Override
  public float[] decode(float[] encoded, int offset) {
    return unflatten(encoded, offset);
  }

  private boolean boundedBelow(int i) {
    return low[i] != Float.NEGATIVE_INFINITY;
  }

  private boolean boundedAbove(int i) {
    return high[i] != Float.POSITIVE_INFINITY;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Box box
        && Arrays.equals(shape, box.shape)
        && Arrays.equals(low, box.low)
        && Arrays.equals(high, box.high);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Arrays.hashCode(shape) + Arrays.hashCode(low)) + Arrays.hashCode(high);
  }

  @Override
  public String toString() {
    return "Box(" + Arrays.toString(low) + ", " + Arrays.toString(high) + ", "
        + Arrays.toString(shape) + ", float32)";
  }
}
