package io.llmagentos.rl.env.remote;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A process of somebody else's that serves at an address. */
final class ServingPeer implements Peer {
  private static final long RETRY_MILLIS = 50;

  private final Address address;
  private final Greeting greeting;

  ServingPeer(Address address, Greeting greeting) {
    this.address = address;
    this.greeting = greeting;
  }

  /** Tries until somebody listens there. */
  @Override
  public FrameChannel open(long deadline) throws PeerException {
    while (true) {
      try {
        FrameChannel channel = new FrameChannel(connect(deadline));
        try {
          greeting.say(channel, deadline);
          return channel;
        } catch (PeerException | RuntimeException e) {
          channel.close();
          throw e;
        }
      } catch (IOException e) {
        if (System.nanoTime() + RETRY_MILLIS * 1_000_000 > deadline) {
          throw PeerException.lost("nobody serves at " + address + " (connect): " + e.getMessage());
        }
        pause();
      }
    }
  }

  private SocketChannel connect(long deadline) throws IOException {
    SocketChannel channel = address.dial();
    try (Selector selector = Selector.open()) {
      SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
      while (!channel.finishConnect()) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new IOException("no answer");
        }
        selector.select(left / 1_000_000 + 1);
      }
      key.cancel();
      selector.selectNow();
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AgentOsException(
          ErrorCode.STOPPED, "interrupted while connecting to a remote environment");
    }
  }

  @Override
  public void discard() {}

  @Override
  public String output() {
    return "";
  }

  @Override
  public void close(long deadline) {}
}
