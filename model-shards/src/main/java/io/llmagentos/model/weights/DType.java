package io.llmagentos.model.weights;

import java.util.Arrays;
import java.util.Optional;

/** The element types that safetensors files name. Arithmetic reads the three floating-point ones that {@link #isReadable()} admits. */
public enum DType {
  F64(8),
  F32(4),
  F16(2),
  BF16(2),
  F8_E4M3(1),
  F8_E5M2(1),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U64(8),
  U32(4),
  U16(2),
  U8(1),
  BOOL(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  public int bytes() {
    return bytes;
  }

  public boolean isReadable() {
    return this == F32 || this == F16 || this == BF16;
  }

  /** The bits of the nearest bf16, ties to even, in the upper half; the lower half is of no meaning. */
  public static int bfloat16Bits(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value) ? bits | 0x400000 : bits + 0x7fff + ((bits >>> 16) & 1);
  }

  static Optional<DType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }
}
