package io.llmagentos.model.serving;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * One request to a model on another node, until its one reply. Keeps the tokens that came: when their replica is lost, the next one takes up the answer
 * where it was. Text that was heard is not said again.
 */
final class Delivery extends AbstractBehavior<Delivery.Command> {
  private static final int CREDITS = 2;
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  sealed interface Command {}

  private record Came(ModelDoor.Reply reply) implements Command {}

  private record Lost(int attempt) implements Command {}

  private record LookAgain() implements Command {}

  private record TooLate() implements Command {}

  private final Assignment assignment;
  private final TokenListener listener;
  private final CompletableFuture<ChatReply> result;
  private final ModelDirectory directory;
  private final Clock clock;
  private final TimerScheduler<Command> timers;
  private final ActorRef<ModelDoor.Reply> replies;
  private final Set<ActorRef<ModelDoor.Command>> refusedBy = new HashSet<>();
  private final List<Integer> tokenIds = new ArrayList<>();
  private final List<Float> logProbs = new ArrayList<>();
  private String weightVersion = "";
  private boolean heard;
  private int attempt;
  private @Nullable ActorRef<ModelDoor.Command> door;
  private @Nullable Instant patience;
  private @Nullable AgentOsException lastRefusal;

  private Delivery(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Assignment assignment,
      TokenListener listener,
      CompletableFuture<ChatReply> result,
      ModelDirectory directory,
      Clock clock) {
    super(context);
    this.timers = timers;
    this.assignment = assignment;
    this.listener = listener;
    this.result = result;
    this.directory = directory;
    this.clock = clock;
    this.replies = context.messageAdapter(ModelDoor.Reply.class, Came::new);
  }

  static Behavior<Command> create(
      Assignment assignment,
      TokenListener listener,
      CompletableFuture<ChatReply> result,
      ModelDirectory directory,
      Clock clock) {
    return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
      Delivery delivery =
          new Delivery(context, timers, assignment, listener, result, directory, clock);
      Duration left = Duration.between(clock.instant(), assignment.context().deadline());
      timers.startSingleTimer(new TooLate(), left.isNegative() ? Duration.ZERO : left);
      return delivery.ask() ? delivery : Behaviors.stopped();
    }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Came.class, this::onCame)
        .onMessage(Lost.class, this::onLost)
        .onMessage(LookAgain.class, look -> door == null ? next() : this)
        .onMessage(TooLate.class, late -> onTooLate())
        .build();
  }

  /** Ask a door, or look again later; false when there is nobody to wait for. */
  private boolean ask() {
    String model = assignment.request().model();
    List<ActorRef<ModelDoor.Command>> doors = directory.doors(model).stream()
        .filter(candidate -> !refusedBy.contains(candidate))
        .toList();
    if (!doors.isEmpty()) {
      attempt++;
      patience = null;
      ActorRef<ModelDoor.Command> chosen =
          doors.get(ThreadLocalRandom.current().nextInt(doors.size()));
      door = chosen;
      getContext().watchWith(chosen, new Lost(attempt));
      Assignment rest = new Assignment(
          assignment.context(),
          assignment.request(),
          new Assignment.Emitted(weightVersion, tokenIds, logProbs));
      chosen.tell(new ModelDoor.Ask(rest, attempt, CREDITS, replies));
      return true;
    }
    if (lastRefusal != null) {
      result.completeExceptionally(lastRefusal);
      return false;
    }
    Instant now = clock.instant();
    if (patience == null) {
      patience = directory.patience(model);
    }
    if (now.isBefore(patience)) {
      timers.startSingleTimer(new LookAgain(), LOOK_AGAIN);
      return true;
    }
    result.completeExceptionally(
        directory.wasKnown(model)
            ? new AgentOsException(
                ErrorCode.UNAVAILABLE,
                "no node serves model '" + model
                    + "' now; one that did was lost (waited llmagentos.model.failover-timeout)")
            : ModelRouter.notFound(model, directory));
    return false;
  }

  private Behavior<Command> next() {
    return ask() ? this : Behaviors.stopped();
  }

  private Behavior<Command> onCame(Came came) {
    if (came.reply().attempt() != attempt || door == null) {
      return this; // of a replica that was given up
    }
    return switch (came.reply()) {
      case ModelDoor.Piece piece -> onPiece(piece);
      case ModelDoor.Finished finished -> {
        result.complete(finished.reply());
        yield Behaviors.stopped();
      }
      case ModelDoor.Failed failed -> onFailed(failed);
    };
  }

  private Behavior<Command> onPiece(ModelDoor.Piece piece) {
    weightVersion = piece.weightVersion();
    tokenIds.addAll(piece.tokenIds());
    logProbs.addAll(piece.logProbs());
    ActorRef<ModelDoor.Command> from = door;
    if (from == null) {
      return this;
    }
    try {
      if (!piece.text().isEmpty()) {
        heard = true;
        if (!listener.onText(piece.text())) {
          from.tell(new ModelDoor.Cancel(replies));
        }
      }
    } catch (RuntimeException e) {
      from.tell(new ModelDoor.Cancel(replies));
      result.completeExceptionally(
          new AgentOsException(ErrorCode.INTERNAL, "the listener failed: " + e, null, e));
      return Behaviors.stopped();
    }
    from.tell(new ModelDoor.Grant(replies));
    return this;
  }

  private Behavior<Command> onFailed(ModelDoor.Failed failed) {
    AgentOsException failure = new AgentOsException(
        failed.code(), failed.message(), failed.param().isEmpty() ? null : failed.param());
    boolean elsewhere =
        failed.code() == ErrorCode.QUEUE_FULL || failed.code() == ErrorCode.UNAVAILABLE;
    ActorRef<ModelDoor.Command> from = door;
    if (!elsewhere || from == null || cannotGoOn()) {
      result.completeExceptionally(failure);
      return Behaviors.stopped();
    }
    lastRefusal = failure;
    refusedBy.add(from);
    getContext().unwatch(from);
    door = null;
    return next();
  }

  /** Text was heard, but not its tokens: nobody else could go on with it. */
  private boolean cannotGoOn() {
    return heard && tokenIds.isEmpty();
  }

  private Behavior<Command> onLost(Lost lost) {
    if (lost.attempt() != attempt || door == null) {
      return this;
    }
    getContext()
        .getLog()
        .warn(
            "model {} was lost after {} tokens; another replica goes on",
            assignment.request().model(),
            tokenIds.size());
    if (cannotGoOn()) {
      result.completeExceptionally(new AgentOsException(
          ErrorCode.UNAVAILABLE,
          "the node that ran model '" + assignment.request().model()
              + "' was lost in the middle of its answer; ask again"));
      return Behaviors.stopped();
    }
    refusedBy.add(door);
    door = null;
    return next();
  }

  private Behavior<Command> onTooLate() {
    if (door != null) {
      door.tell(new ModelDoor.Cancel(replies));
    }
    result.completeExceptionally(new AgentOsException(
        ErrorCode.DEADLINE_EXCEEDED,
        "model '" + assignment.request().model() + "' had said " + tokenIds.size()
            + " tokens when the deadline passed; allow more time"));
    return Behaviors.stopped();
  }
}
