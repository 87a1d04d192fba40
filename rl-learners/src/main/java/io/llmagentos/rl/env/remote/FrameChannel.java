package io.llmagentos.rl.env.remote;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * Frames over a socket, one answer to one question, each with a deadline ({@link System#nanoTime}). A frame is its length (u32, of what follows), its type
 * (u8) and its body, little-endian. Not thread-safe; after an exception only {@link #close} makes sense.
 */
final class FrameChannel implements AutoCloseable {
  /** The longest frame, in bytes. */
  static final int MAX_FRAME = 64 << 20;

  private static final int HEADER = 5;
  private static final int MAX_ERROR_TEXT = 64 << 10;

  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private ByteBuffer out = buffer(4096);
  private ByteBuffer in = buffer(4096);

  FrameChannel(SocketChannel channel) throws IOException {
    this.channel = channel;
    this.selector = Selector.open();
    channel.configureBlocking(false);
    this.key = channel.register(selector, SelectionKey.OP_READ);
  }

  private static ByteBuffer buffer(int capacity) {
    return ByteBuffer.allocateDirect(capacity).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A frame to be written, valid until {@link #send}. The body may have up to {@code bodyBytes}. */
  ByteBuffer begin(FrameType type, int bodyBytes) {
    if (out.capacity() < HEADER + bodyBytes) {
      out = buffer(HEADER + bodyBytes);
    }
    out.clear();
    return out.putInt(0).put((byte) type.number);
  }

  /** Sends what {@link #begin} gave. */
  void send(long deadline) throws PeerException {
    out.putInt(0, out.position() - 4).flip();
    try {
      while (true) {
        channel.write(out);
        if (!out.hasRemaining()) {
          return;
        }
        await(SelectionKey.OP_WRITE, deadline, "took no " + FrameType.name(out.get(4)));
      }
    } catch (IOException e) {
      throw PeerException.lost("the connection broke: " + e.getMessage());
    }
  }

  /**
   * The body of the next frame, valid until the next call. An ERROR frame is an exception with its text.
   *
   * @param limit the longest body, in bytes
   */
  ByteBuffer receive(FrameType type, int limit, long deadline) throws PeerException {
    try {
      in.clear();
      fill(HEADER, type, deadline);
      long length = Integer.toUnsignedLong(in.getInt(0));
      int number = Byte.toUnsignedInt(in.get(4));
      int longest = number == FrameType.ERROR.number ? MAX_ERROR_TEXT : limit;
      if (number != type.number && number != FrameType.ERROR.number) {
        throw PeerException.broken("a frame of type " + FrameType.name(number) + " came where "
            + FrameType.name(type.number) + " was due");
      }
      if (length < 1 || length > longest + 1L) {
        throw PeerException.broken("a " + FrameType.name(number) + " frame claims " + length
            + " bytes, must be 1 to " + (longest + 1L));
      }
      int end = HEADER - 1 + (int) length;
      if (in.capacity() < end) {
        ByteBuffer larger = buffer(end);
        larger.put(in.flip());
        in = larger;
      }
      fill(end, type, deadline);
      if (in.position() > end) {
        throw PeerException.broken(in.position() - end + " bytes follow the "
            + FrameType.name(number) + " frame, which nobody asked for");
      }
      in.flip().position(HEADER);
      if (number == FrameType.ERROR.number) {
        throw PeerException.lost("it reported: " + StandardCharsets.UTF_8.decode(in));
      }
      return in;
    } catch (IOException e) {
      throw PeerException.lost("the connection broke: " + e.getMessage());
    }
  }

  private void fill(int upTo, FrameType type, long deadline) throws IOException, PeerException {
    while (in.position() < upTo) {
      int read = channel.read(in);
      if (read < 0) {
        throw PeerException.lost("it closed the connection before " + type);
      }
      if (read == 0) {
        await(SelectionKey.OP_READ, deadline, "gave no " + type);
      }
    }
  }

  private void await(int operation, long deadline, String what) throws IOException, PeerException {
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      throw PeerException.lost("it " + what + " within its time limit");
    }
    key.interestOps(operation);
    selector.select(ready -> {}, left / 1_000_000 + 1);
    if (Thread.currentThread().isInterrupted()) {
      throw new AgentOsException(
          ErrorCode.STOPPED, "interrupted while a remote environment worked");
    }
  }

  /** Waits until the other side has closed, or the deadline has passed. */
  void awaitEnd(long deadline) {
    try {
      in.clear();
      while (true) {
        fill(1, FrameType.CLOSE, deadline);
        in.clear();
      }
    } catch (IOException | PeerException | AgentOsException e) {
      // All are an end.
    }
  }

  @Override
  public void close() {
    try {
      selector.close();
      channel.close();
    } catch (IOException e) {
      // Nothing is left to lose.
    }
  }
}
