package io.llmagentos.model.weights;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A stored tensor: row-major little-endian elements, read as floats whatever their width. Valid while the memory behind it is.
 *
 * @param origin the file it was read from, for messages
 */
public record Tensor(String name, DType dtype, long[] shape, MemorySegment data, String origin) {
  private static final ValueLayout.OfFloat FLOAT =
      JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  public Tensor {
    shape = shape.clone();
    long bytes = Math.multiplyExact(elements(shape), dtype.bytes());
    if (bytes != data.byteSize()) {
      throw new IllegalArgumentException("tensor " + name + " of " + dtype + Arrays.toString(shape)
          + " takes " + bytes + " bytes, has " + data.byteSize());
    }
  }

  /** A tensor over {@code values}, not copied. */
  public static Tensor of(String name, float[] values, long... shape) {
    MemorySegment data = MemorySegment.ofArray(values);
    return new Tensor(name, DType.F32, shape, data, "memory");
  }

  /** A tensor over {@code values}, little-endian floats that are not copied. */
  public static Tensor of(String name, MemorySegment values, long... shape) {
    return new Tensor(name, DType.F32, shape, values, "memory");
  }

  /** A bf16 tensor of the values from index {@code from} on, each the nearest, ties to even. */
  public static Tensor bfloat16(String name, float[] values, int from, long... shape) {
    int length = Math.toIntExact(elements(shape));
    MemorySegment data = MemorySegment.ofArray(new byte[length * Short.BYTES]);
    for (int i = 0; i < length; i++) {
      data.set(
          SHORT, (long) i * Short.BYTES, (short) (DType.bfloat16Bits(values[from + i]) >>> 16));
    }
    return new Tensor(name, DType.BF16, shape, data, "memory");
  }

  /** The same numbers under another name. */
  public Tensor withName(String other) {
    return new Tensor(other, dtype, shape, data, origin);
  }

  public long elements() {
    return elements(shape);
  }

  static long elements(long[] shape) {
    long elements = 1;
    for (long dimension : shape) {
      elements = Math.multiplyExact(elements, dimension);
    }
    return elements;
  }

  /** Read {@code length} elements from index {@code from} of the flattened tensor, widened exactly to float. */
  public void read(long from, float[] to, int offset, int length) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(data, FLOAT, from * Float.BYTES, to, offset, length);
      case F16 -> {
        for (int i = 0; i < length; i++) {
          to[offset + i] = Float.float16ToFloat(data.get(SHORT, (from + i) * Short.BYTES));
        }
      }
      case BF16 -> {
        for (int i = 0; i < length; i++) {
          to[offset + i] = Float.intBitsToFloat(data.get(SHORT, (from + i) * Short.BYTES) << 16);
        }
      }
      default ->
        throw new IllegalStateException("tensor " + name + " holds " + dtype + ", not floats");
    }
  }

  /** All elements as floats. */
  public float[] toFloats() {
    float[] values = new float[Math.toIntExact(elements())];
    read(0, values, 0, values.length);
    return values;
  }

  /** The same elements in memory of {@code arena}. */
  public Tensor copyTo(Arena arena) {
    MemorySegment copy = arena.allocate(data.byteSize(), 64).copyFrom(data);
    return new Tensor(name, dtype, shape, copy, origin);
  }
}
