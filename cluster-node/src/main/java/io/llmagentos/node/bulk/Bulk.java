package io.llmagentos.node.bulk;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;

/**
 * A node's end of the bulk plane. Chunks go over the transport's lane for large messages, as many at a time as the receiver has credit for, so that they
 * hold up no control message and fill no queue. Thread-safe.
 */
public final class Bulk {
  /** Fewer bytes travel in the message itself. */
  public static final int INLINE = 64 << 10;

  /** The types that cross the wire, in the order of their ids. */
  public static final List<Class<?>> WIRE_TYPES = List.of(
      Payload.Inline.class,
      Payload.Held.class,
      BulkHost.Pull.class,
      BulkHost.Done.class,
      BulkHost.Chunk.class);

  private final ActorSystem<?> system;
  private final Clock clock;
  private final long maxHeldBytes;
  private final Duration heldFor;
  private final ConcurrentHashMap<Long, BulkHost.Held> held = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private final ActorRef<BulkHost.Command> host;

  private Bulk(ActorSystem<?> system, Clock clock, long maxHeldBytes, Duration heldFor) {
    this.system = system;
    this.clock = clock;
    this.maxHeldBytes = maxHeldBytes;
    this.heldFor = heldFor;
    this.host = system.systemActorOf(BulkHost.create(clock, held), "blob-host", Props.empty());
  }

  /**
   * @param maxHeldBytes that may wait here to be fetched, all together
   * @param heldFor after which what was offered is forgotten
   */
  public static Bulk start(
      ActorSystem<?> system, Clock clock, long maxHeldBytes, Duration heldFor) {
    return new Bulk(system, clock, maxHeldBytes, heldFor);
  }

  /**
   * Make bytes ready to travel. They are not copied: leave them as they are until they were read.
   *
   * @param readers how many will fetch them
   * @throws AgentOsException {@code QUEUE_FULL} when too much waits already
   */
  public Payload offer(byte[] bytes, int readers) {
    if (bytes.length <= INLINE) {
      return new Payload.Inline(bytes);
    }
    long waiting = heldBytes();
    if (waiting + bytes.length > maxHeldBytes) {
      throw new AgentOsException(
          ErrorCode.QUEUE_FULL,
          waiting + " bytes wait to be fetched from this node, " + bytes.length
              + " more would exceed llmagentos.bulk.max-held of " + maxHeldBytes,
          "llmagentos.bulk.max-held");
    }
    long id = ids.incrementAndGet();
    held.put(id, new BulkHost.Held(bytes, clock.instant().plus(heldFor), readers));
    return new Payload.Held(host, id, bytes.length, checksum(bytes));
  }

  /** Bytes that wait here to be fetched. */
  public long heldBytes() {
    return held.values().stream().mapToLong(each -> each.bytes.length).sum();
  }

  /**
   * The bytes of a payload; fails with {@code UNAVAILABLE} when its node is gone, it is not held any more, or it takes longer than the limit.
   */
  public CompletionStage<byte[]> fetch(Payload payload, Duration limit) {
    return switch (payload) {
      case Payload.Inline inline -> CompletableFuture.completedFuture(inline.bytes());
      case Payload.Held remote -> {
        CompletableFuture<byte[]> result = new CompletableFuture<>();
        system.systemActorOf(
            BulkFetch.create(remote, limit, result),
            "blob-fetch-" + ids.incrementAndGet(),
            Props.empty());
        yield result;
      }
    };
  }

  static long checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    return crc.getValue();
  }
}
