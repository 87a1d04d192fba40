package io.llmagentos.rl.env;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** State as bytes. */
public final class Snapshot {
  /** Writes state. */
  @FunctionalInterface
  public interface Writer {
    void write(DataOutput out) throws IOException;
  }

  /** Reads what a {@link Writer} wrote. */
  @FunctionalInterface
  public interface Reader {
    void read(DataInput in) throws IOException;
  }

  private Snapshot() {}

  public static byte[] of(Writer writer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      writer.write(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  public static void read(byte[] snapshot, Reader reader) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(snapshot))) {
      reader.read(in);
    } catch (IOException e) {
      throw new UncheckedIOException("the snapshot is not one of this environment", e);
    }
  }

  /** A part with its length, as {@link #readPart} reads it. */
  public static void writePart(DataOutput out, byte[] part) throws IOException {
    out.writeInt(part.length);
    out.write(part);
  }

  public static byte[] readPart(DataInput in) throws IOException {
    byte[] part = new byte[in.readInt()];
    in.readFully(part);
    return part;
  }
}
