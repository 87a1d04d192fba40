package io.llmagentos.node.rank;

import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.bulk.Payload;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.wire.WireMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * One rank's end of averaging. Every rank gives its gradient and a weight for a round; rank 0 adds them in the order of the ranks, divides by the sum of the
 * weights, and all get the same numbers, bit for bit. What is lost on the way is said again. A rank that does not give within the limit is named.
 */
public final class GradientExchange {
  public sealed interface Command {}

  /**
   * Average a gradient; the future's array is the caller's. Rounds ascend by one, one at a time.
   *
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

  record Contribute(long round, int rank, double weight, Payload gradient)
      implements Command, WireMessage {}

  record Averaged(long round, Payload gradient) implements Command, WireMessage {}

  private record Fetched(long round, int rank, double weight, float[] gradient)
      implements Command {}

  private record Got(long round, float[] gradient) implements Command {}

  private record Unfetched(String why) implements Command {}

  private enum Again implements Command {
    AGAIN
  }

  /** The types that cross the wire, in the order of their ids. */
  public static final List<Class<?>> WIRE_TYPES =
      List.of(Ranks.class, Contribute.class, Averaged.class);

  private static final Duration AGAIN = Duration.ofSeconds(2);

  private record Share(double weight, float[] gradient) {}

  private final ActorContext<Command> context;
  private final Bulk bulk;
  private final int rank;
  private final int size;
  private final Duration limit;
  private List<ActorRef<Command>> ranks = List.of();
  private @Nullable Average waiting;
  private int waitedTicks;

  // at rank 0
  private final Map<Integer, Share> shares = new TreeMap<>();
  private long collecting = Long.MIN_VALUE;
  private long finished = Long.MIN_VALUE;
  private float[] lastAverage = {};

  private GradientExchange(
      ActorContext<Command> context, Bulk bulk, int rank, int size, Duration limit) {
    this.context = context;
    this.bulk = bulk;
    this.rank = rank;
    this.size = size;
    this.limit = limit;
  }

  /** @param limit within which all ranks must have given */
  public static Behavior<Command> create(Bulk bulk, int rank, int size, Duration limit) {
    return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
      timers.startTimerWithFixedDelay(Again.AGAIN, AGAIN);
      return new GradientExchange(context, bulk, rank, size, limit).exchanging();
    }));
  }

  private Behavior<Command> exchanging() {
    return Behaviors.receive(Command.class)
        .onMessage(Ranks.class, this::onRanks)
        .onMessage(Average.class, this::onAverage)
        .onMessage(Contribute.class, this::onContribute)
        .onMessage(Fetched.class, this::onFetched)
        .onMessage(Averaged.class, this::onAveraged)
        .onMessage(Got.class, this::onGot)
        .onMessage(Unfetched.class, unfetched -> {
          context.getLog().debug("rank {}: {}; asked for again", rank, unfetched.why());
          return Behaviors.same();
        })
        .onMessage(Again.class, again -> onAgain())
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private Behavior<Command> onRanks(Ranks known) {
    ranks = known.ranks();
    contribute();
    return Behaviors.same();
  }

  private Behavior<Command> onAverage(Average average) {
    waiting = average;
    waitedTicks = 0;
    if (size == 1) {
      return onGot(new Got(average.round(), average.gradient().clone()));
    }
    contribute();
    return Behaviors.same();
  }

  private void contribute() {
    Average mine = waiting;
    if (mine == null || ranks.size() != size) {
      return;
    }
    if (rank == 0) {
      context.getSelf().tell(new Fetched(mine.round(), 0, mine.weight(), mine.gradient()));
    } else {
      ranks
          .getFirst()
          .tell(new Contribute(
              mine.round(), rank, mine.weight(), bulk.offer(bytes(mine.gradient()), 1)));
    }
  }

  private Behavior<Command> onContribute(Contribute given) {
    if (given.round() == finished) {
      ranks.get(given.rank()).tell(new Averaged(finished, bulk.offer(bytes(lastAverage), 1)));
    } else if (given.round() > finished) {
      context.pipeToSelf(
          bulk.fetch(given.gradient(), limit),
          (bytes, failure) -> bytes == null
              ? new Unfetched(String.valueOf(failure))
              : new Fetched(given.round(), given.rank(), given.weight(), floats(bytes)));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onFetched(Fetched share) {
    if (share.round() <= finished) {
      return Behaviors.same();
    }
    if (share.round() > collecting) {
      shares.clear();
      collecting = share.round();
    }
    shares.put(share.rank(), new Share(share.weight(), share.gradient()));
    if (shares.size() < size) {
      return Behaviors.same();
    }
    lastAverage = average(new ArrayList<>(shares.values()));
    finished = collecting;
    shares.clear();
    for (int other = 1; other < size; other++) {
      ranks.get(other).tell(new Averaged(finished, bulk.offer(bytes(lastAverage), 1)));
    }
    return onGot(new Got(finished, lastAverage.clone()));
  }

  /** In the order of the ranks, in double precision. */
  private static float[] average(List<Share> shares) {
    int width = shares.getFirst().gradient().length;
    double[] sum = new double[width];
    double weights = 0;
    for (Share share : shares) {
      if (share.gradient().length != width) {
        throw new IllegalArgumentException(
            "ranks gave gradients of " + width + " and " + share.gradient().length + " numbers");
      }
      weights += share.weight();
      for (int i = 0; i < width; i++) {
        sum[i] += share.weight() * share.gradient()[i];
      }
    }
    float[] average = new float[width];
    for (int i = 0; i < width; i++) {
      average[i] = (float) (sum[i] / weights);
    }
    return average;
  }

  private Behavior<Command> onAveraged(Averaged averaged) {
    if (waiting != null && waiting.round() == averaged.round()) {
      context.pipeToSelf(
          bulk.fetch(averaged.gradient(), limit),
          (bytes, failure) -> bytes == null
              ? new Unfetched(String.valueOf(failure))
              : new Got(averaged.round(), floats(bytes)));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onGot(Got got) {
    Average mine = waiting;
    if (mine != null && mine.round() == got.round()) {
      waiting = null;
      mine.result().complete(got.gradient());
    }
    return Behaviors.same();
  }

  private Behavior<Command> onAgain() {
    Average mine = waiting;
    if (mine == null) {
      return Behaviors.same();
    }
    waitedTicks++;
    if (AGAIN.multipliedBy(waitedTicks).compareTo(limit) > 0) {
      waiting = null;
      mine.result()
          .completeExceptionally(new AgentOsException(
              ErrorCode.DEADLINE_EXCEEDED,
              "round " + mine.round() + " was not averaged within " + limit + ": "
                  + (rank == 0 ? "missing are ranks " + missing() : "rank 0 does not answer")));
    } else {
      contribute();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onStop() {
    Average mine = waiting;
    if (mine != null) {
      mine.result()
          .completeExceptionally(new AgentOsException(
              ErrorCode.STOPPED,
              "round " + mine.round() + " was not averaged: rank " + rank + " was stopped"));
    }
    return Behaviors.same();
  }

  private List<Integer> missing() {
    List<Integer> missing = new ArrayList<>();
    for (int other = 0; other < size; other++) {
      if (!shares.containsKey(other)) {
        missing.add(other);
      }
    }
    return missing;
  }

  private static byte[] bytes(float[] floats) {
    ByteBuffer buffer =
        ByteBuffer.allocate(floats.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(floats);
    return buffer.array();
  }

  private static float[] floats(byte[] bytes) {
    float[] floats = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    return floats;
  }
}
