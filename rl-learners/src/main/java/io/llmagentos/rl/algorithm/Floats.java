package io.llmagentos.rl.algorithm;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Arrays of floats in checkpoints: the length, then the numbers. */
final class Floats {
  private static final int CHUNK = 1 << 16;

  private Floats() {}

  static void write(DataOutput out, float[] numbers) throws IOException {
    out.writeInt(numbers.length);
    for (int at = 0; at < numbers.length; at += CHUNK) {
      int count = Math.min(CHUNK, numbers.length - at);
      ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES);
      bytes.asFloatBuffer().put(numbers, at, count);
      out.write(bytes.array());
    }
  }

  static void read(DataInput in, float[] numbers) throws IOException {
    int length = in.readInt();
    if (length != numbers.length) {
      throw new IOException("an array of " + length + " numbers, expected were " + numbers.length);
    }
    for (int at = 0; at < numbers.length; at += CHUNK) {
      int count = Math.min(CHUNK, numbers.length - at);
      byte[] bytes = new byte[count * Float.BYTES];
      in.readFully(bytes);
      ByteBuffer.wrap(bytes).asFloatBuffer().get(numbers, at, count);
    }
  }
}
