package io.llmagentos.node.rank;

import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.bulk.Payload;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.wire.WireMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * One rank's end of averaging. Every rank gives its gradient, or a bucket of it, and a weight for a round; any number of rounds may be under way. The ranks
 * take turns in reducing: round r meets at rank r mod N, is added there in the order of the ranks and divided by the sum of the weights, and all get the same
 * numbers, bit for bit. What is lost on the way is asked for again. A rank that does not give within the limit is named.
 *
 * <p>Converts and adds in its own thread: spawn it where that holds up nobody.
 */
public final class GradientExchange {
  public sealed interface Command {}

  /**
   * Average a gradient. All ranks give the same rounds, ascending; they may leave some out.
   *
   * @param gradient left alone until the result is there: the same array, which holds the average then
   * @param weight of this rank's share, such as its number of rows
   */
  public record Average(
      long round, float[] gradient, double weight, CompletableFuture<float[]> result)
      implements Command {}

  /** The exchanges of all ranks, in their order. */
  public record Ranks(List<ActorRef<Command>> ranks) implements Command, WireMessage {
    public Ranks {
      ranks = List.copyOf(ranks);
    }
  }

  /** @param from below this round the rank waits for nothing any more */
  record Contribute(long round, long from, int rank, double weight, Payload gradient)
      implements Command, WireMessage {}

  record Averaged(long round, Payload gradient) implements Command, WireMessage {}

  /** What of a round that this rank waits for? */
  record Ask(long round, long from, int rank) implements Command, WireMessage {}

  /** These ranks have not given. */
  record Missing(long round, List<Integer> ranks) implements Command, WireMessage {
    Missing {
      ranks = List.copyOf(ranks);
    }
  }

  private record Fetched(
      Contribute given,
      byte @Nullable [] gradient,
      @Nullable Throwable failure) implements Command {}

  private record Got(
      long round, byte @Nullable [] gradient, @Nullable Throwable failure) implements Command {}

  private enum Tick implements Command {
    TICK
  }

  /** The types that cross the wire, in the order of their ids. */
  public static final List<Class<?>> WIRE_TYPES =
      List.of(Ranks.class, Contribute.class, Averaged.class, Ask.class, Missing.class);

  private static final Duration TICK = Duration.ofSeconds(1);

  /** A reducer that answered within so many ticks is there. */
  private static final int HEARD = 5;

  /** A round that this rank waits for. */
  private static final class Waiting {
    final Average average;
    int ticks;
    int heardAt = Integer.MIN_VALUE / 2;
    List<Integer> missing = List.of();
    boolean fetching;

    Waiting(Average average) {
      this.average = average;
    }
  }

  private final ActorContext<Command> context;
  private final Bulk bulk;
  private final int rank;
  private final int size;
  private final Duration limit;
  private List<ActorRef<Command>> ranks = List.of();
  private final NavigableMap<Long, Waiting> waiting = new TreeMap<>();

  // of the rounds that are reduced here
  private final NavigableMap<Long, Reduction> reductions = new TreeMap<>();
  /** Until all have them. */
  private final NavigableMap<Long, byte[]> averages = new TreeMap<>();
  /** Below which round each rank waits for nothing. */
  private final long[] waitsFrom;

  private GradientExchange(
      ActorContext<Command> context, Bulk bulk, int rank, int size, Duration limit) {
    this.context = context;
    this.bulk = bulk;
    this.rank = rank;
    this.size = size;
    this.limit = limit;
    this.waitsFrom = new long[size];
    Arrays.fill(waitsFrom, Long.MIN_VALUE);
    waitsFrom[rank] = Long.MAX_VALUE;
  }

  /** @param limit within which all ranks must have given */
  public static Behavior<Command> create(Bulk bulk, int rank, int size, Duration limit) {
    return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
      timers.startTimerWithFixedDelay(Tick.TICK, TICK);
      return new GradientExchange(context, bulk, rank, size, limit).exchanging();
    }));
  }

  private Behavior<Command> exchanging() {
    return Behaviors.receive(Command.class)
        .onMessage(Ranks.class, this::onRanks)
        .onMessage(Average.class, this::onAverage)
        .onMessage(Averaged.class, this::onAveraged)
        .onMessage(Got.class, this::onGot)
        .onMessage(Missing.class, this::onMissing)
        .onMessage(Contribute.class, this::onContribute)
        .onMessage(Fetched.class, this::onFetched)
        .onMessage(Ask.class, this::onAsk)
        .onMessage(Tick.class, tick -> onTick())
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  // ---- a rank that waits

  private Behavior<Command> onRanks(Ranks known) {
    if (!known.ranks().equals(ranks)) {
      ranks = known.ranks();
      List.copyOf(waiting.values()).forEach(this::give);
    }
    return Behaviors.same();
  }

  private Behavior<Command> onAverage(Average average) {
    if (size == 1) {
      average.result().complete(average.gradient());
      return Behaviors.same();
    }
    Waiting mine = new Waiting(average);
    waiting.put(average.round(), mine);
    give(mine);
    return Behaviors.same();
  }

  private int reducer(long round) {
    return (int) Math.floorMod(round, (long) size);
  }

  private void give(Waiting mine) {
    if (ranks.size() != size) {
      return;
    }
    Average average = mine.average;
    long round = average.round();
    if (reducer(round) == rank) {
      reduction(round).give(rank, average.weight(), FloatBuffer.wrap(average.gradient()));
      reduceIfComplete(round);
      return;
    }
    offer(bytes(average.gradient()), 1)
        .ifPresent(payload -> ranks
            .get(reducer(round))
            .tell(new Contribute(round, waiting.firstKey(), rank, average.weight(), payload)));
  }

  /** Nothing while too much waits to be fetched from this node: whoever needs it asks again. */
  private Optional<Payload> offer(byte[] bytes, int readers) {
    try {
      return Optional.of(bulk.offer(bytes, readers));
    } catch (AgentOsException full) {
      context.getLog().warn("rank {} cannot send yet: {}", rank, full.getMessage());
      return Optional.empty();
    }
  }

  private Behavior<Command> onAveraged(Averaged averaged) {
    Waiting mine = waiting.get(averaged.round());
    if (mine != null && !mine.fetching) {
      mine.fetching = true;
      context.pipeToSelf(
          bulk.fetch(averaged.gradient(), limit),
          (bytes, failure) -> new Got(averaged.round(), bytes, failure));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onGot(Got got) {
    Waiting mine = waiting.get(got.round());
    if (mine == null) {
      return Behaviors.same();
    }
    byte[] bytes = got.gradient();
    if (bytes == null) {
      context.getLog().debug("rank {}: {}; asked for again", rank, String.valueOf(got.failure()));
      mine.fetching = false;
      return Behaviors.same();
    }
    floats(bytes).get(mine.average.gradient());
    finish(mine);
    return Behaviors.same();
  }

  private void finish(Waiting mine) {
    waiting.remove(mine.average.round());
    mine.average.result().complete(mine.average.gradient());
  }

  private Behavior<Command> onMissing(Missing answer) {
    Waiting mine = waiting.get(answer.round());
    if (mine != null) {
      mine.heardAt = mine.ticks;
      mine.missing = answer.ranks().stream().filter(each -> each != rank).toList();
      if (answer.ranks().contains(rank)) {
        give(mine);
      }
    }
    return Behaviors.same();
  }

  private Behavior<Command> onTick() {
    for (Waiting mine : List.copyOf(waiting.values())) {
      mine.ticks++;
      long round = mine.average.round();
      // The first tick may come at once.
      if (TICK.multipliedBy(mine.ticks - 1L).compareTo(limit) >= 0) {
        waiting.remove(round);
        mine.average
            .result()
            .completeExceptionally(new AgentOsException(
                ErrorCode.DEADLINE_EXCEEDED,
                "round " + round + " was not averaged within " + limit + ": " + who(mine)));
      } else if (reducer(round) != rank && ranks.size() == size) {
        ranks.get(reducer(round)).tell(new Ask(round, waiting.firstKey(), rank));
      }
    }
    return Behaviors.same();
  }

  private String who(Waiting mine) {
    int reducer = reducer(mine.average.round());
    if (ranks.size() != size) {
      return "rank " + rank + " was not told of the others";
    }
    if (reducer == rank) {
      return "missing are ranks " + reduction(mine.average.round()).missing();
    }
    return mine.ticks - mine.heardAt <= HEARD && !mine.missing.isEmpty()
        ? "missing are ranks " + mine.missing
        : "rank " + reducer + ", where it is averaged, does not answer";
  }

  private Behavior<Command> onStop() {
    waiting
        .values()
        .forEach(mine -> mine.average
            .result()
            .completeExceptionally(new AgentOsException(
                ErrorCode.STOPPED,
                "round " + mine.average.round() + " was not averaged: rank " + rank
                    + " was stopped")));
    return Behaviors.same();
  }

  // ---- where a round is reduced

  private Reduction reduction(long round) {
    return reductions.computeIfAbsent(round, each -> new Reduction(size));
  }

  private Behavior<Command> onContribute(Contribute given) {
    if (settles(given.rank(), given.from(), given.round())) {
      return Behaviors.same();
    }
    if (reduction(given.round()).awaits(given.rank())) {
      context.pipeToSelf(
          bulk.fetch(given.gradient(), limit),
          (bytes, failure) -> new Fetched(given, bytes, failure));
    }
    return Behaviors.same();
  }

  /** Lets go of what nobody needs any more; whether the round is over, which the rank is told. */
  private boolean settles(int from, long oldest, long round) {
    waitsFrom[from] = Math.max(waitsFrom[from], oldest);
    long needed = Arrays.stream(waitsFrom).min().orElseThrow();
    averages.headMap(needed).clear();
    byte[] average = averages.get(round);
    if (average != null && ranks.size() == size) {
      offer(average, 1).ifPresent(payload -> ranks.get(from).tell(new Averaged(round, payload)));
    }
    return average != null || round < waitsFrom[from];
  }

  private Behavior<Command> onFetched(Fetched fetched) {
    Contribute given = fetched.given();
    Reduction reduction = reductions.get(given.round());
    if (reduction == null) {
      return Behaviors.same();
    }
    byte[] bytes = fetched.gradient();
    if (bytes == null) {
      context
          .getLog()
          .debug("rank {}: {}; asked for again", rank, String.valueOf(fetched.failure()));
      reduction.lost(given.rank());
      return Behaviors.same();
    }
    reduction.give(given.rank(), given.weight(), floats(bytes));
    reduceIfComplete(given.round());
    return Behaviors.same();
  }

  private void reduceIfComplete(long round) {
    Reduction reduction = reduction(round);
    Waiting mine = waiting.get(round);
    if (mine == null || !reduction.complete()) {
      return;
    }
    reduction.mean(mine.average.gradient());
    reductions.remove(round);
    byte[] average = bytes(mine.average.gradient());
    averages.put(round, average);
    offer(average, size - 1)
        .ifPresent(payload -> ranks.stream()
            .filter(other -> !other.equals(ranks.get(rank)))
            .forEach(other -> other.tell(new Averaged(round, payload))));
    finish(mine);
  }

  private Behavior<Command> onAsk(Ask ask) {
    if (!settles(ask.rank(), ask.from(), ask.round()) && ranks.size() == size) {
      ranks.get(ask.rank()).tell(new Missing(ask.round(), reduction(ask.round()).missing()));
    }
    return Behaviors.same();
  }

  private static byte[] bytes(float[] floats) {
    ByteBuffer buffer =
        ByteBuffer.allocate(floats.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(floats);
    return buffer.array();
  }

  private static FloatBuffer floats(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }
}
