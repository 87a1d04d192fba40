package io.llmagentos.agent.session;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.serving.Agent;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.serving.Models;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.ApiError;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.wire.WireMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.slf4j.MDC;

/**
 * One dialogue. Turns are serialised; a turn is acknowledged only once it is in the journal, and then ends exactly once, whatever dies meanwhile:
 * {@link NextStep} says from the journal alone what is left to do.
 */
public final class Session
    extends EventSourcedBehavior<Session.Command, SessionEvent, SessionState> {
  public static final String KIND = "session";
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, KIND);

  /** Turns that may wait in one session. */
  static final int MAX_WAITING = 8;

  /** What a description may hold; the turns before are in the stream of events. */
  private static final long DESCRIBED_CHARACTERS = 200_000;

  private static final Duration TOOL_ASK = Duration.ofSeconds(3);
  private static final ToolCall NO_CALL = new ToolCall("", "", "");

  public sealed interface Command {}

  public sealed interface Request extends Command, WireMessage {}

  /** Open the session; opening an open one changes nothing. */
  public record Open(Context context, String agent, String subject, ActorRef<Reply> replyTo)
      implements Request {}

  /** A turn of the principal. Saying a turn again, under the same id, has no second effect: it is answered from the journal. */
  public record Say(
      Context context, String turn, List<ContentPart> content, ActorRef<Reply> replyTo)
      implements Request {
    public Say {
      content = List.copyOf(content);
    }
  }

  /**
   * A stateless completion: a turn that brings its own past, in a session that it opens. A turn of this session that said the same and runs, or
   * ended less than the window ago, is the answer: a client that asks again has no second effect.
   *
   * @param turn the turn's id if it becomes one; under a known id only the same may be said
   */
  public record Complete(
      Context context,
      String agent,
      String subject,
      String turn,
      List<Message> history,
      List<ContentPart> content,
      Duration repeatWindow,
      ActorRef<Reply> replyTo)
      implements Request {
    public Complete {
      history = List.copyOf(history);
      content = List.copyOf(content);
    }
  }

  /** Stop the named turn, or with an empty name the current one. */
  public record Stop(Context context, String turn, ActorRef<Reply> replyTo) implements Request {}

  public record Describe(ActorRef<Reply> replyTo) implements Request {}

  /** Hear of every event after the given version; repeat it to follow the session when it moves. */
  public record Watch(long afterVersion, ActorRef<Reply> watcher) implements Request {}

  /** The durable timer of an unfinished turn is due. */
  public record Wake(String timer) implements Request {}

  private record ModelSaid(String turn, String text) implements Command {}

  private record ModelAnswered(String turn, ChatReply reply) implements Command {}

  private record ToolAnswered(String turn, ToolCall call, Agent.Acted result) implements Command {}

  private record StepFailed(String turn, Throwable failure) implements Command {}

  private record WatcherGone(ActorRef<Reply> watcher) implements Command {}

  public sealed interface Reply extends WireMessage {}

  public record Opened(String agent) implements Reply {}

  public record Accepted(String turn, long version) implements Reply {}

  /** A piece of the running turn's answer. Not durable: {@link Finished} has the whole. */
  public record Delta(String turn, int offset, String text) implements Reply {}

  /** A turn's end, without the history that its client gave. */
  public record Finished(Turn turn, long version) implements Reply {
    public Finished {
      turn = turn.withoutHistory();
    }
  }

  public record Rejected(ErrorCode code, String message) implements Reply {}

  /** @param turns the latest, as many as a message carries */
  public record Description(
      String agent, String subject, Instant openedAt, List<Turn> turns, String node, long version)
      implements Reply {
    public Description {
      turns = turns.stream().map(Turn::withoutHistory).toList();
    }
  }

  /**
   * What a session needs from its node.
   *
   * @param agents the definition of an agent, or {@code NOT_FOUND}
   * @param resident sessions in this node's memory
   * @param inFlight turns that this node works on
   */
  public record Dependencies(
      Clock clock,
      Models models,
      Function<String, AgentDefinition> agents,
      Duration turnTimeout,
      AtomicInteger resident,
      AtomicInteger inFlight) {}

  private final ActorContext<Command> context;
  private final SessionKey key;
  private final Dependencies dependencies;
  private final Set<ActorRef<Reply>> watchers = new HashSet<>();
  private final Map<String, Set<ActorRef<Reply>>> repliesTo = new HashMap<>();
  /** The turn whose step is under way in this incarnation; empty: none. */
  private String working = "";

  /** Until when the turn's work may take: counted from when it was taken up, so that time in which no node was up does not count. */
  private Instant deadline = Instant.EPOCH;

  /** The trace ids of the requests that brought the running turns. */
  private final Map<String, String> traces = new HashMap<>();

  /** Characters of the running turn's answer that were told as deltas. */
  private int saidSoFar;

  private Session(ActorContext<Command> context, String entityId, Dependencies dependencies) {
    super(
        PersistenceId.of(KIND, entityId),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.2));
    this.context = context;
    this.key = SessionKey.parse(entityId);
    this.dependencies = dependencies;
    dependencies.resident().incrementAndGet();
  }

  public static Behavior<Command> create(String entityId, Dependencies dependencies) {
    return Behaviors.setup(context -> new Session(context, entityId, dependencies));
  }

  @Override
  public SessionState emptyState() {
    return SessionState.EMPTY;
  }

  @Override
  public CommandHandler<Command, SessionEvent, SessionState> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(Open.class, this::onOpen)
        .onCommand(Say.class, this::onSay)
        .onCommand(Complete.class, this::onComplete)
        .onCommand(Stop.class, this::onStop)
        .onCommand(Describe.class, this::onDescribe)
        .onCommand(Watch.class, this::onWatch)
        .onCommand(Wake.class, (state, wake) -> onWake(state))
        .onCommand(ModelSaid.class, this::onModelSaid)
        .onCommand(ModelAnswered.class, this::onModelAnswered)
        .onCommand(ToolAnswered.class, this::onToolAnswered)
        .onCommand(StepFailed.class, this::onStepFailed)
        .onCommand(WatcherGone.class, this::onWatcherGone)
        .build();
  }

  @Override
  public EventHandler<SessionState, SessionEvent> eventHandler() {
    return newEventHandlerBuilder().forAnyState().onAnyEvent(SessionState::apply);
  }

  @Override
  public Set<String> tagsFor(SessionEvent event) {
    return EventProjection.tags(persistenceId().id());
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(100, 2);
  }

  @Override
  public SignalHandler<SessionState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::proceed)
        .onSignal(PostStop.instance(), state -> gone())
        .onSignal(PreRestart.instance(), state -> gone())
        .build();
  }

  private void gone() {
    dependencies.resident().decrementAndGet();
    rest();
  }

  private Effect<SessionEvent, SessionState> onOpen(SessionState state, Open open) {
    if (state.isOpen()) {
      return state.agent().equals(open.agent()) && state.subject().equals(open.subject())
          ? Effect().none().thenReply(open.replyTo(), s -> new Opened(s.agent()))
          : Effect()
              .none()
              .thenReply(
                  open.replyTo(),
                  s -> new Rejected(
                      ErrorCode.CONFLICT,
                      "session " + key.session() + " is open with agent '" + s.agent() + "'"));
    }
    return Effect()
        .persist(new SessionEvent.SessionOpened(open.agent(), open.subject(), now()))
        .thenReply(open.replyTo(), s -> new Opened(s.agent()));
  }

  private Effect<SessionEvent, SessionState> onSay(SessionState state, Say say) {
    if (!state.isOpen()) {
      return Effect()
          .none()
          .thenReply(
              say.replyTo(),
              s -> new Rejected(
                  ErrorCode.NOT_FOUND, "session " + key.session() + " does not exist"));
    }
    Turn known = state.turn(say.turn()).orElse(null);
    return known != null
        ? join(known, say.replyTo())
        : accept(
            state,
            say.turn(),
            new SessionEvent.TurnAccepted(say.turn(), say.content(), now()),
            say.context(),
            say.replyTo());
  }

  private Effect<SessionEvent, SessionState> onComplete(SessionState state, Complete complete) {
    Turn named = state.turn(complete.turn()).orElse(null);
    boolean another = state.isOpen()
        && !(state.agent().equals(complete.agent()) && state.subject().equals(complete.subject()));
    if (another
        || (named != null && !named.isCompletionOf(complete.history(), complete.content()))) {
      return Effect()
          .none()
          .thenReply(
              complete.replyTo(),
              s -> new Rejected(
                  ErrorCode.CONFLICT,
                  "this Idempotency-Key was used for another request; use a new one"));
    }
    Turn known = named != null
        ? named
        : state
            .repeated(complete.history(), complete.content(), now(), complete.repeatWindow())
            .orElse(null);
    return known != null
        ? join(known, complete.replyTo())
        : accept(
            state,
            complete.turn(),
            new SessionEvent.CompletionAccepted(
                complete.turn(),
                complete.agent(),
                complete.subject(),
                complete.history(),
                complete.content(),
                now()),
            complete.context(),
            complete.replyTo());
  }

  /** A known turn is answered from the journal, or its end is waited for. */
  private Effect<SessionEvent, SessionState> join(Turn known, ActorRef<Reply> replyTo) {
    if (!known.isRunning()) {
      return Effect()
          .none()
          .thenReply(replyTo, s -> new Finished(known, known.finishedAtVersion()));
    }
    listen(known.id(), replyTo);
    return Effect()
        .none()
        .thenReply(replyTo, s -> new Accepted(known.id(), known.acceptedAtVersion()));
  }

  private Effect<SessionEvent, SessionState> accept(
      SessionState state,
      String id,
      SessionEvent accepted,
      Context caller,
      ActorRef<Reply> replyTo) {
    if (state.running() >= MAX_WAITING) {
      return Effect()
          .none()
          .thenReply(
              replyTo,
              s -> new Rejected(
                  ErrorCode.QUEUE_FULL,
                  s.running() + " turns wait in this session, at most " + MAX_WAITING
                      + " may; wait for an answer and try again"));
    }
    listen(id, replyTo);
    traces.put(id, caller.trace());
    return Effect().persist(accepted).thenRun(s -> {
      Turn turn = s.turn(id).orElseThrow();
      tellWatchersAndRepliers(id, new Accepted(id, turn.acceptedAtVersion()));
      proceed(s);
    });
  }

  private Effect<SessionEvent, SessionState> onStop(SessionState state, Stop stop) {
    Turn turn = (stop.turn().isEmpty() ? state.current() : state.turn(stop.turn())).orElse(null);
    if (turn == null) {
      return Effect()
          .none()
          .thenReply(
              stop.replyTo(),
              s -> new Rejected(
                  ErrorCode.NOT_FOUND,
                  stop.turn().isEmpty()
                      ? "no turn is running"
                      : "turn " + stop.turn() + " does not exist"));
    }
    if (!turn.isRunning()) {
      return Effect()
          .none()
          .thenReply(stop.replyTo(), s -> new Finished(turn, turn.finishedAtVersion()));
    }
    listen(turn.id(), stop.replyTo());
    return finish(turn.id(), Turn.Status.STOPPED, "Stopped.", List.of(), ErrorCode.STOPPED.id());
  }

  private Effect<SessionEvent, SessionState> onDescribe(SessionState state, Describe describe) {
    String node = Cluster.get(context.getSystem()).selfMember().address().toString();
    return Effect()
        .none()
        .thenReply(
            describe.replyTo(),
            s -> s.isOpen()
                ? new Description(
                    s.agent(), s.subject(), s.openedAt(), latest(s.turns()), node, s.version())
                : new Rejected(
                    ErrorCode.NOT_FOUND, "session " + key.session() + " does not exist"));
  }

  /** As many of the latest turns as one message carries, at least one. */
  private static List<Turn> latest(List<Turn> turns) {
    int from = turns.size();
    long characters = 0;
    while (from > 0 && characters < DESCRIBED_CHARACTERS) {
      from--;
      Turn turn = turns.get(from);
      characters += ContentPart.textOf(turn.content()).length() + turn.answer().length();
    }
    boolean tooMany = characters > DESCRIBED_CHARACTERS && from < turns.size() - 1;
    return turns.subList(tooMany ? from + 1 : from, turns.size());
  }

  private Effect<SessionEvent, SessionState> onWatch(SessionState state, Watch watch) {
    if (watchers.add(watch.watcher())) {
      context.watchWith(watch.watcher(), new WatcherGone(watch.watcher()));
    }
    for (Turn turn : state.turns()) {
      if (turn.acceptedAtVersion() > watch.afterVersion()) {
        watch.watcher().tell(new Accepted(turn.id(), turn.acceptedAtVersion()));
      }
      if (turn.finishedAtVersion() > watch.afterVersion()) {
        watch.watcher().tell(new Finished(turn, turn.finishedAtVersion()));
      }
    }
    return Effect().none();
  }

  private Effect<SessionEvent, SessionState> onWake(SessionState state) {
    proceed(state);
    return Effect().none();
  }

  private Effect<SessionEvent, SessionState> onWatcherGone(SessionState state, WatcherGone gone) {
    watchers.remove(gone.watcher());
    return Effect().none();
  }

  /** Start the current turn's next step, unless one is under way. */
  private void proceed(SessionState state) {
    Turn turn = state.current().orElse(null);
    if (turn == null || working.equals(turn.id())) {
      return;
    }
    working = turn.id();
    dependencies.inFlight().incrementAndGet();
    deadline = now().plus(dependencies.turnTimeout());
    saidSoFar = 0;
    step(state, turn);
  }

  private void rest() {
    if (!working.isEmpty()) {
      working = "";
      dependencies.inFlight().decrementAndGet();
    }
  }

  private void step(SessionState state, Turn turn) {
    AgentDefinition definition;
    try {
      definition = dependencies.agents().apply(state.agent());
    } catch (AgentOsException e) {
      context.getSelf().tell(new StepFailed(turn.id(), e));
      return;
    }
    switch (NextStep.of(state, turn, definition)) {
      case NextStep.AskModel ask -> {
        context.pipeToSelf(
            dependencies
                .models()
                .chat(turnContext(turn), ask.request(), deltas(turn.id()))
                .toCompletableFuture()
                .orTimeout(
                    dependencies.turnTimeout().toMillis(),
                    java.util.concurrent.TimeUnit.MILLISECONDS),
            (reply, failure) -> reply == null
                ? new StepFailed(turn.id(), orUnknown(failure))
                : new ModelAnswered(turn.id(), reply));
      }
      case NextStep.CallTool call -> callTool(state, turn, call.call());
      case NextStep.Answer answer ->
        context
            .getSelf()
            .tell(new ToolAnswered(turn.id(), NO_CALL, new Agent.Acted("", answer.text())));
    }
  }

  private static Throwable orUnknown(@org.jspecify.annotations.Nullable Throwable failure) {
    return failure == null ? new IllegalStateException("no reply and no failure") : failure;
  }

  private TokenListener deltas(String turn) {
    ActorRef<Command> self = context.getSelf();
    return text -> {
      self.tell(new ModelSaid(turn, text));
      return true;
    };
  }

  private void callTool(SessionState state, Turn turn, ToolCall call) {
    AgentKey agent = new AgentKey(key.tenant(), state.agent(), state.subject());
    Context turnContext = turnContext(turn);
    context.ask(
        Agent.Reply.class,
        ClusterSharding.get(context.getSystem()).entityRefFor(Agent.KEY, agent.entityId()),
        TOOL_ASK,
        (ActorRef<Agent.Reply> replyTo) -> new Agent.Act(
            turnContext,
            callKey(turn, call),
            call.name(),
            call.arguments(),
            ContentPart.textOf(turn.content()),
            replyTo),
        (reply, failure) -> {
          if (reply instanceof Agent.Acted acted) {
            return new ToolAnswered(turn.id(), call, acted);
          }
          return new StepFailed(
              turn.id(),
              reply instanceof Agent.Refused refused
                  ? new AgentOsException(refused.code(), refused.message())
                  : orUnknown(failure));
        });
  }

  private String callKey(Turn turn, ToolCall call) {
    return key.entityId() + "/" + turn.id() + "/" + call.id();
  }

  private Context turnContext(Turn turn) {
    String trace =
        traces.computeIfAbsent(turn.id(), id -> UUID.randomUUID().toString().replace("-", ""));
    return new Context(key.tenant(), key.principal(), deadline, trace, Provenance.PRINCIPAL);
  }

  private Effect<SessionEvent, SessionState> onModelSaid(SessionState state, ModelSaid said) {
    if (working.equals(said.turn())) {
      tellWatchersAndRepliers(said.turn(), new Delta(said.turn(), saidSoFar, said.text()));
      saidSoFar += said.text().length();
    }
    return Effect().none();
  }

  private Effect<SessionEvent, SessionState> onModelAnswered(
      SessionState state, ModelAnswered answered) {
    Turn turn = state.turn(answered.turn()).orElse(null);
    if (turn == null || !turn.isRunning() || turn.reply().isPresent()) {
      return Effect().none();
    }
    return Effect()
        .persist(new SessionEvent.ModelReplied(turn.id(), answered.reply(), now()))
        .thenRun(s -> step(s, s.turn(turn.id()).orElseThrow()));
  }

  private Effect<SessionEvent, SessionState> onToolAnswered(
      SessionState state, ToolAnswered answered) {
    Turn turn = state.turn(answered.turn()).orElse(null);
    if (turn == null || !turn.isRunning()) {
      return Effect().none();
    }
    List<Turn.Call> calls = answered.call().name().isEmpty()
        ? List.of()
        : List.of(new Turn.Call(
            callKey(turn, answered.call()),
            answered.call().name(),
            answered.call().arguments(),
            answered.result().answer()));
    return finish(turn.id(), Turn.Status.COMPLETED, answered.result().answer(), calls, "");
  }

  private Effect<SessionEvent, SessionState> onStepFailed(SessionState state, StepFailed failed) {
    Turn turn = state.turn(failed.turn()).orElse(null);
    if (turn == null || !turn.isRunning()) {
      return Effect().none();
    }
    boolean inTime = now().isBefore(deadline);
    if (failed.failure() instanceof TimeoutException && turn.reply().isPresent() && inTime) {
      // The agent is moving or slow; the call's key makes asking again harmless.
      step(state, turn);
      return Effect().none();
    }
    AgentOsException known = failed.failure() instanceof TimeoutException
        ? new AgentOsException(
            ErrorCode.DEADLINE_EXCEEDED,
            "the turn took longer than " + dependencies.turnTimeout()
                + " (llmagentos.agent.turn-timeout)")
        : ApiError.known(failed.failure());
    MDC.put("trace", traces.getOrDefault(turn.id(), "-"));
    context
        .getLog()
        .warn("turn {} of session {} failed: {}", turn.id(), key.session(), known.getMessage());
    MDC.remove("trace");
    return finish(
        turn.id(),
        Turn.Status.FAILED,
        "Sorry, that did not work: " + known.getMessage(),
        List.of(),
        known.code().id());
  }

  private Effect<SessionEvent, SessionState> finish(
      String turnId, Turn.Status status, String answer, List<Turn.Call> calls, String error) {
    return Effect()
        .persist(new SessionEvent.TurnFinished(turnId, status, answer, calls, error, now()))
        .thenRun(s -> {
          Turn turn = s.turn(turnId).orElseThrow();
          if (working.equals(turnId)) {
            rest();
          }
          traces.remove(turnId);
          tellWatchersAndRepliers(turnId, new Finished(turn, turn.finishedAtVersion()));
          repliesTo.remove(turnId);
          proceed(s);
        });
  }

  private void listen(String turn, ActorRef<Reply> replyTo) {
    repliesTo.computeIfAbsent(turn, id -> new HashSet<>()).add(replyTo);
  }

  private void tellWatchersAndRepliers(String turn, Reply reply) {
    List<ActorRef<Reply>> all = new ArrayList<>(watchers);
    repliesTo.getOrDefault(turn, Set.of()).stream()
        .filter(ref -> !watchers.contains(ref))
        .forEach(all::add);
    all.forEach(ref -> ref.tell(reply));
  }

  private Instant now() {
    return dependencies.clock().instant();
  }
}
