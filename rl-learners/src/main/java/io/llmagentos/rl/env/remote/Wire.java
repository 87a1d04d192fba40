package io.llmagentos.rl.env.remote;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Reads the parts of a frame's body; one that is too short is the peer's fault. */
final class Wire {
  private Wire() {}

  static int u8(ByteBuffer body, String what) throws PeerException {
    need(body, 1, what);
    return Byte.toUnsignedInt(body.get());
  }

  static int u16(ByteBuffer body, String what) throws PeerException {
    need(body, 2, what);
    return Short.toUnsignedInt(body.getShort());
  }

  static long u32(ByteBuffer body, String what) throws PeerException {
    need(body, 4, what);
    return Integer.toUnsignedLong(body.getInt());
  }

  /** A length (u16) and so many bytes of UTF-8. */
  static String text(ByteBuffer body, String what) throws PeerException {
    byte[] bytes = new byte[bounded(body, u16(body, what))];
    body.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** The length itself, if so many bytes are left. */
  static int bounded(ByteBuffer body, int length) throws PeerException {
    need(body, length, "a text");
    return length;
  }

  static void need(ByteBuffer body, long bytes, String what) throws PeerException {
    if (body.remaining() < bytes) {
      throw PeerException.broken(
          what + " needs " + bytes + " bytes, the frame has " + body.remaining() + " left");
    }
  }

  static void end(ByteBuffer body, FrameType type) throws PeerException {
    if (body.hasRemaining()) {
      throw PeerException.broken(body.remaining() + " bytes too many in " + type);
    }
  }
}
