package io.llmagentos.rl.env.remote;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * How a connection begins. Whoever connected says HELLO: the magic number, its version and the token. Whoever listened checks them and says WELCOME: the
 * magic number and its version.
 *
 * @param token both sides know it; empty over a Unix socket, which has permissions
 */
record Greeting(String token) {
  static final int VERSION = 1;

  private static final long MAGIC = ByteBuffer.wrap("LLMAGENV".getBytes(StandardCharsets.US_ASCII))
      .order(ByteOrder.LITTLE_ENDIAN)
      .getLong();
  private static final int MAX_HELLO = 2048;

  /** As the one who connected. */
  void say(FrameChannel channel, long deadline) throws PeerException {
    byte[] secret = token.getBytes(StandardCharsets.UTF_8);
    channel
        .begin(FrameType.HELLO, 12 + secret.length)
        .putLong(MAGIC)
        .putShort((short) VERSION)
        .putShort((short) secret.length)
        .put(secret);
    channel.send(deadline);
    check(channel.receive(FrameType.WELCOME, MAX_HELLO, deadline));
  }

  /** As the one who listened. */
  void answer(FrameChannel channel, long deadline) throws PeerException {
    ByteBuffer hello = channel.receive(FrameType.HELLO, MAX_HELLO, deadline);
    try {
      check(hello);
      byte[] secret = new byte[Wire.bounded(hello, Wire.u16(hello, "the token's length"))];
      hello.get(secret);
      Wire.end(hello, FrameType.HELLO);
      if (!MessageDigest.isEqual(secret, token.getBytes(StandardCharsets.UTF_8))) {
        throw PeerException.broken("wrong token: both sides need the same token_file");
      }
    } catch (PeerException e) {
      byte[] why = String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8);
      channel.begin(FrameType.ERROR, why.length).put(why);
      channel.send(deadline);
      throw e;
    }
    channel.begin(FrameType.WELCOME, 10).putLong(MAGIC).putShort((short) VERSION);
    channel.send(deadline);
  }

  private static void check(ByteBuffer body) throws PeerException {
    if (body.remaining() < 10 || body.getLong() != MAGIC) {
      throw PeerException.broken("it does not speak this protocol: no LLMAGENV in its first frame");
    }
    int version = Short.toUnsignedInt(body.getShort());
    if (version != VERSION) {
      throw PeerException.broken("it speaks version " + version + " of the protocol, this is "
          + VERSION + "; use the gymnasium_server.py of this release");
    }
  }
}
