package io.llmagentos.rl.env.remote;

import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.MultiBinary;
import io.llmagentos.rl.space.MultiDiscrete;
import io.llmagentos.rl.space.Space;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** How the values of a space lie on the wire: the parts one after the other, numbers of a fixed size each, a number out of n as itself. Immutable. */
final class Layout {
  /** One number's form. */
  enum Form {
    /** float32 of a Box. */
    F4(4),
    /** uint8 of a Box. */
    U1(1),
    /** int32 out of n. */
    I4(4),
    /** A bit in a byte. */
    BIT(1);

    final int bytes;

    Form(int bytes) {
      this.bytes = bytes;
    }
  }

  /** Numbers of one form; {@code start} and {@code n} only for numbers out of n. */
  private record Part(Space<?> space, Form form, int count, int[] start, int[] n) {
    static Part of(Space<?> space, boolean bytes) {
      return switch (space) {
        case Box box -> new Part(box, bytes ? Form.U1 : Form.F4, box.width(), NONE, NONE);
        case Discrete d -> new Part(d, Form.I4, 1, new int[] {d.start()}, new int[] {d.n()});
        case MultiDiscrete m -> new Part(m, Form.I4, m.width(), m.start(), m.nvec());
        case MultiBinary bits -> new Part(bits, Form.BIT, bits.n(), NONE, NONE);
        default -> throw new IllegalArgumentException("a composite space: " + space);
      };
    }
  }

  private static final int[] NONE = {};

  private final List<Part> parts;
  private final int bytes;

  private Layout(List<Part> parts) {
    this.parts = parts;
    this.bytes = parts.stream().mapToInt(part -> part.count * part.form.bytes).sum();
  }

  /** The fundamental spaces that a space is made of, in order, and which of them are Boxes of bytes. */
  static Layout of(List<Space<?>> fundamental, List<Boolean> ofBytes) {
    Part[] parts = new Part[fundamental.size()];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Part.of(fundamental.get(i), ofBytes.get(i));
    }
    return new Layout(List.of(parts));
  }

  /** How long a value is. */
  int bytes() {
    return bytes;
  }

  /** Reads a value and writes its flat form. A number out of n that is not one is the peer's fault. */
  void read(ByteBuffer in, float[] flat, int offset) throws PeerException {
    int at = offset;
    for (int p = 0; p < parts.size(); p++) {
      Part part = parts.get(p);
      switch (part.form) {
        case F4 -> {
          in.slice(in.position(), part.count * 4)
              .order(in.order())
              .asFloatBuffer()
              .get(flat, at, part.count);
          in.position(in.position() + part.count * 4);
          at += part.count;
        }
        case U1 -> {
          for (int i = 0; i < part.count; i++) {
            flat[at++] = Byte.toUnsignedInt(in.get());
          }
        }
        case I4 -> {
          for (int i = 0; i < part.count; i++) {
            int value = in.getInt();
            long index = (long) value - part.start[i];
            if (index < 0 || index >= part.n[i]) {
              throw outside(value, part);
            }
            Arrays.fill(flat, at, at + part.n[i], 0);
            flat[at + (int) index] = 1;
            at += part.n[i];
          }
        }
        case BIT -> {
          for (int i = 0; i < part.count; i++) {
            byte bit = in.get();
            if (bit != 0 && bit != 1) {
              throw outside(bit, part);
            }
            flat[at++] = bit;
          }
        }
      }
    }
  }

  private static PeerException outside(int value, Part part) {
    return PeerException.broken(
        "it sent " + value + ", which is outside its declared space " + part.space);
  }

  /** Writes a value that has its encoded form at {@code offset}. */
  void write(float[] encoded, int offset, ByteBuffer out) {
    int at = offset;
    for (int p = 0; p < parts.size(); p++) {
      Part part = parts.get(p);
      for (int i = 0; i < part.count; i++) {
        float value = encoded[at++];
        switch (part.form) {
          case F4 -> out.putFloat(value);
          case U1, BIT -> out.put((byte) (int) value);
          case I4 -> out.putInt((int) value);
        }
      }
    }
  }
}
