package io.llmagentos.rl.env.remote;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A process that connects to an address of ours. Whoever cannot greet is sent away, and the next one heard. */
final class ConnectingPeer implements Peer {
  private static final long GREETING_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Address address;
  private final Greeting greeting;
  private final ServerSocketChannel server;
  private final Selector selector;

  ConnectingPeer(Address address, Greeting greeting) throws IOException {
    this.address = address;
    this.greeting = greeting;
    this.server = address.listen();
    this.selector = Selector.open();
    server.register(selector, SelectionKey.OP_ACCEPT);
  }

  @Override
  public FrameChannel open(long deadline) throws PeerException {
    return open(deadline, () -> true);
  }

  /** Gives up as soon as nobody is expected; {@link #wake} makes it ask. */
  FrameChannel open(long deadline, BooleanSupplier expected) throws PeerException {
    String refused = "";
    try {
      while (true) {
        SocketChannel accepted = server.accept();
        if (accepted != null) {
          Address.prepare(accepted);
          FrameChannel channel = new FrameChannel(accepted);
          try {
            greeting.answer(channel, Math.min(deadline, System.nanoTime() + GREETING_NANOS));
            return channel;
          } catch (PeerException e) {
            channel.close();
            refused = "; sent one away: " + e.getMessage();
          } catch (RuntimeException e) {
            channel.close();
            throw e;
          }
          continue;
        }
        if (!expected.getAsBoolean()) {
          throw PeerException.lost("the process ended before it connected" + refused);
        }
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw PeerException.lost(
              "nobody connected to " + address + " within connect_timeout" + refused);
        }
        selector.select(ready -> {}, left / 1_000_000 + 1);
        if (Thread.currentThread().isInterrupted()) {
          throw new AgentOsException(
              ErrorCode.STOPPED, "interrupted while waiting for a remote environment");
        }
      }
    } catch (IOException e) {
      throw PeerException.lost("cannot listen at " + address + ": " + e.getMessage());
    }
  }

  void wake() {
    selector.wakeup();
  }

  @Override
  public void discard() {}

  @Override
  public String output() {
    return "";
  }

  @Override
  public void close(long deadline) {
    try {
      selector.close();
      server.close();
    } catch (IOException e) {
      // Nothing is left to lose.
    }
    address.remove();
  }
}
