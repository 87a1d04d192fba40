package io.llmagentos.node.bulk;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Fetches one payload: a window of chunks is under way at any time, a chunk that does not come is asked for again. */
final class BulkFetch {
  sealed interface Command {}

  private record Arrived(BulkHost.Chunk chunk) implements Command {}

  private enum Stalled implements Command {
    STALLED
  }

  private static final int WINDOW = 8;
  private static final Duration STALL = Duration.ofSeconds(1);

  private final ActorContext<Command> context;
  private final Payload.Held payload;
  private final CompletableFuture<byte[]> result;
  private final ActorRef<BulkHost.Chunk> chunks;
  private final byte[] bytes;
  private final int count;
  private final BitSet arrived = new BitSet();
  private int asked;
  private int arrivedAtLastTick;
  private int ticksLeft;

  private BulkFetch(
      ActorContext<Command> context,
      Payload.Held payload,
      Duration limit,
      CompletableFuture<byte[]> result) {
    this.context = context;
    this.payload = payload;
    this.result = result;
    this.chunks = context.messageAdapter(BulkHost.Chunk.class, Arrived::new);
    this.bytes = new byte[payload.length()];
    this.count = BulkHost.chunks(payload.length());
    this.ticksLeft = (int) Math.max(1, limit.dividedBy(STALL));
  }

  static Behavior<Command> create(
      Payload.Held payload, Duration limit, CompletableFuture<byte[]> result) {
    return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
      timers.startTimerWithFixedDelay(Stalled.STALLED, STALL);
      context.watch(payload.holder());
      return new BulkFetch(context, payload, limit, result).begin();
    }));
  }

  private Behavior<Command> begin() {
    asked = Math.min(WINDOW, count);
    payload.holder().tell(new BulkHost.Pull(payload.id(), 0, asked, chunks));
    return Behaviors.receive(Command.class)
        .onMessage(Arrived.class, this::onArrived)
        .onMessage(Stalled.class, tick -> onTick())
        .onSignal(Terminated.class, gone -> fail("the node that holds it is gone"))
        .build();
  }

  private Behavior<Command> onArrived(Arrived message) {
    BulkHost.Chunk chunk = message.chunk();
    if (chunk.bytes().length == 0) {
      return fail("it is not held any more");
    }
    if (!arrived.get(chunk.index())) {
      arrived.set(chunk.index());
      System.arraycopy(
          chunk.bytes(), 0, bytes, chunk.index() * BulkHost.CHUNK, chunk.bytes().length);
      if (asked < count) {
        payload.holder().tell(new BulkHost.Pull(payload.id(), asked++, 1, chunks));
      }
    }
    if (arrived.cardinality() < count) {
      return Behaviors.same();
    }
    payload.holder().tell(new BulkHost.Done(payload.id()));
    if (Bulk.checksum(bytes) != payload.checksum()) {
      return fail("its checksum is another");
    }
    result.complete(bytes);
    return Behaviors.stopped();
  }

  private Behavior<Command> onTick() {
    if (--ticksLeft <= 0) {
      return fail(
          "it did not arrive in time: " + arrived.cardinality() + " of " + count + " chunks did");
    }
    if (arrived.cardinality() == arrivedAtLastTick) {
      for (int i = arrived.nextClearBit(0); i < asked; i = arrived.nextClearBit(i + 1)) {
        payload.holder().tell(new BulkHost.Pull(payload.id(), i, 1, chunks));
      }
    }
    arrivedAtLastTick = arrived.cardinality();
    return Behaviors.same();
  }

  private Behavior<Command> fail(String why) {
    context.getLog().debug("fetching {}: {}", payload.id(), why);
    result.completeExceptionally(new AgentOsException(
        ErrorCode.UNAVAILABLE,
        "a payload of " + payload.length() + " bytes from "
            + payload.holder().path().address() + " cannot be fetched: " + why));
    return Behaviors.stopped();
  }
}
