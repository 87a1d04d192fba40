package io.llmagentos.node.bulk;

import io.llmagentos.node.wire.WireMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/** Holds a node's offered bytes and hands out the chunks that receivers have credit for; forgets what was read as often as announced, or is too old. */
public final class BulkHost {
  static final int CHUNK = 512 << 10;

  public sealed interface Command {}

  /** Send so many chunks from one on: the receiver has room for them. */
  record Pull(long id, int from, int count, ActorRef<Chunk> to) implements Command, WireMessage {}

  /** A receiver has everything. */
  record Done(long id) implements Command, WireMessage {}

  private enum Tick implements Command {
    TICK
  }

  /** @param bytes empty: what was asked for is not held any more */
  record Chunk(long id, int index, byte[] bytes) implements WireMessage {}

  static final class Held {
    final byte[] bytes;
    final Instant until;
    int readers;

    Held(byte[] bytes, Instant until, int readers) {
      this.bytes = bytes;
      this.until = until;
      this.readers = readers;
    }
  }

  private static final Duration TICK = Duration.ofSeconds(5);

  private BulkHost() {}

  static Behavior<Command> create(Clock clock, ConcurrentHashMap<Long, Held> held) {
    return Behaviors.withTimers(timers -> {
      timers.startTimerWithFixedDelay(Tick.TICK, TICK);
      return Behaviors.receive(Command.class)
          .onMessage(Pull.class, pull -> {
            onPull(pull, held.get(pull.id()));
            return Behaviors.same();
          })
          .onMessage(Done.class, done -> {
            held.computeIfPresent(done.id(), (id, offer) -> --offer.readers > 0 ? offer : null);
            return Behaviors.same();
          })
          .onMessage(Tick.class, tick -> {
            Instant now = clock.instant();
            held.values().removeIf(offer -> offer.until.isBefore(now));
            return Behaviors.same();
          })
          .build();
    });
  }

  private static void onPull(Pull pull, @Nullable Held offer) {
    if (offer == null) {
      pull.to().tell(new Chunk(pull.id(), pull.from(), new byte[0]));
      return;
    }
    int chunks = chunks(offer.bytes.length);
    for (int i = pull.from(); i < Math.min(chunks, pull.from() + pull.count()); i++) {
      pull.to()
          .tell(new Chunk(
              pull.id(),
              i,
              Arrays.copyOfRange(
                  offer.bytes, i * CHUNK, Math.min(offer.bytes.length, (i + 1) * CHUNK))));
    }
  }

  static int chunks(int length) {
    return (length + CHUNK - 1) / CHUNK;
  }
}
