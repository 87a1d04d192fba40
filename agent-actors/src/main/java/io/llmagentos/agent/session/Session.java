package io.llmagentos.agent.session;

import io.llmagentos.agent.account.Account;
import io.llmagentos.agent.account.Accounts;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Prices;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.serving.Models;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.pekko.actor.Cancellable;
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
import org.apache.pekko.persistence.typed.javadsl.EffectBuilder;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * One dialogue. Turns are serialised; a turn is acknowledged only once it is in the journal, and then ends exactly once, whatever dies meanwhile:
 * {@link NextStep} says from the journal alone what is left to do. A turn that waits for a person is out of the way of the others.
 */
public final class Session
    extends EventSourcedBehavior<Session.Command, SessionEvent, SessionState> {
  public static final String KIND = "session";
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, KIND);

  /** Turns that may wait in one session. */
  static final int MAX_WAITING = 8;

  /** Turns that may wait for people in one session. */
  static final int MAX_SUSPENDED = 32;

  /** What a description may hold; the turns before are in the stream of events. */
  private static final long DESCRIBED_CHARACTERS = 200_000;

  /** What one delta may hold. */
  private static final int DELTA_CHARACTERS = 50_000;

  /** The scheduler's furthest is 248 days. */
  private static final Duration FURTHEST_RING = Duration.ofDays(1);

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

  /**
   * The turn that another agent's call is, in a session that it opens. Again, it is answered from the journal.
   *
   * @param origin the call
   */
  public record Delegate(
      Context context,
      String agent,
      String subject,
      Origin origin,
      String turn,
      List<ContentPart> content,
      ActorRef<Reply> replyTo)
      implements Request {
    public Delegate {
      content = List.copyOf(content);
    }
  }

  /** The turn that a call of this session's is, in a session of its own, has ended. */
  public record DelegateEnded(String turn, int call) implements Request {}

  /** Stop the named turn, or with an empty name the one that runs, or else the latest that waits. */
  public record Stop(Context context, String turn, ActorRef<Reply> replyTo) implements Request {}

  /** What somebody wants of the session besides saying something. */
  public sealed interface OfPerson extends Request {
    Context context();

    ActorRef<Reply> replyTo();
  }

  /** Of one turn of the session. */
  public sealed interface OfTurn extends OfPerson {
    String turn();
  }

  /**
   * A person decides about a call: approves it, with other arguments if they are not empty, denies it, or says what came of it.
   *
   * @param number which of the decisions about the call, from 0; saying one again has no second effect
   * @param hash of the arguments that the person saw
   * @param text a denial's reason, a settlement's receipt; may be empty
   */
  public record Decide(
      Context context,
      String turn,
      int call,
      int number,
      Decision.Kind kind,
      String hash,
      String arguments,
      String text,
      ActorRef<Reply> replyTo)
      implements OfTurn {}

  /** From now on the caller answers; turns that the model has not been asked for wait for {@link AnswerTurn}. */
  public record TakeOver(Context context, ActorRef<Reply> replyTo) implements OfPerson {}

  /** From now on the agent answers again, also what was left unanswered. */
  public record Release(Context context, ActorRef<Reply> replyTo) implements OfPerson {}

  /** The person who has taken the session over answers a turn. */
  public record AnswerTurn(Context context, String turn, String text, ActorRef<Reply> replyTo)
      implements OfTurn {}

  /** @param rating 1: the turn's answer was good, -1: it was bad */
  public record Rate(Context context, String turn, int rating, String text, ActorRef<Reply> replyTo)
      implements OfTurn {}

  public record Describe(ActorRef<Reply> replyTo) implements Request {}

  /** Hear of every event after the given version; repeat it to follow the session when it moves. */
  public record Watch(long afterVersion, ActorRef<Reply> watcher) implements Request {}

  /** A durable timer is due: of an unfinished turn, or of an approval that nobody gave. */
  public record Wake(String timer) implements Request {}

  /** An account wants to know what was spent under a lease. */
  public record Recall(long lease) implements Request {}

  private record Step(String turn) implements Command {}

  private record ModelSaid(String turn, String text) implements Command {}

  private record ModelAnswered(
      String turn,
      String model,
      @Nullable ChatReply reply,
      @Nullable Throwable failure) implements Command {}

  private record LeaseTaken(
      Account.@Nullable Reply reply, @Nullable Throwable failure) implements Command {}

  /** The turn's wall time may be used up. */
  private record TimeUp(String turn) implements Command {}

  private record CallReturned(String turn, Call call, CallOutcome outcome) implements Command {}

  private record WatcherGone(ActorRef<Reply> watcher) implements Command {}

  public sealed interface Reply extends WireMessage {}

  public record Opened(String agent) implements Reply {}

  public record Accepted(String turn, long version) implements Reply {}

  /** A piece of the running turn's answer. Not durable: {@link Finished} has the whole. */
  public record Delta(String turn, int offset, String text) implements Reply {}

  /** What was told of the running turn's answer does not hold; what holds follows from offset 0. */
  public record Reset(String turn) implements Reply {}

  /** A turn's end, or that it waits for a person: the last that its request hears. Without the history that its client gave. */
  public record Finished(Turn turn, long version) implements Reply {
    public Finished {
      turn = turn.withoutHistory();
    }
  }

  /** How the steps of the running turn's plans stand. Not durable: {@link Finished} has them, too. */
  public record Progressed(String turn, List<Plan.Progress> steps) implements Reply {
    public Progressed {
      steps = List.copyOf(steps);
    }
  }

  /** What a person said of a turn is in the journal. */
  public record Recorded(Turn turn) implements Reply {
    public Recorded {
      turn = turn.withoutHistory();
    }
  }

  public record Rejected(ErrorCode code, String message) implements Reply {}

  /**
   * @param turns the latest, as many as a message carries
   * @param operator the person who has taken it over; empty: the agent answers
   * @param usage what was spent on all its turns
   * @param serving the agent that goes on with it: {@code agent}, or whom it was handed off to
   * @param origin the call of another agent's that it was opened for
   */
  public record Description(
      String agent,
      String subject,
      Instant openedAt,
      List<Turn> turns,
      String node,
      long version,
      String operator,
      Usage usage,
      String serving,
      Optional<Origin> origin)
      implements Reply {
    public Description {
      turns = turns.stream().map(Turn::withoutHistory).toList();
    }
  }

  /**
   * What a session needs from its node.
   *
   * @param agents the definition of an agent, or {@code NOT_FOUND}
   * @param approvalExpiry how long a call waits for its approval
   * @param delegationDepth how many agents may ask one another in a row
   * @param resident sessions in this node's memory
   * @param inFlight turns that this node works on
   */
  public record Dependencies(
      Clock clock,
      Models models,
      Function<String, AgentDefinition> agents,
      ToolHost tools,
      Duration turnTimeout,
      Duration approvalExpiry,
      int delegationDepth,
      AtomicInteger resident,
      AtomicInteger inFlight,
      Prices prices,
      Accounts accounts) {}

  private final ActorContext<Command> context;
  private final SessionKey key;
  private final Dependencies dependencies;
  private final CallRunner runner;
  private final Listeners listeners = new Listeners();
  private final Leasing leasing;

  /** The turn that is worked on in this incarnation; empty: none. */
  private String working = "";

  /** Whether the model is being asked for it. */
  private boolean asking;

  /** Whether the model that is being asked shall go on; another one for each request. */
  private AtomicBoolean wanted = new AtomicBoolean();

  /** What was worked on the turn since then is in no event yet. */
  private Instant recordedUntil = Instant.EPOCH;

  /** Rings when the turn's wall time is used up. */
  private Cancellable timeUp = Cancellable.alreadyCancelled();

  /** Its calls that are under way, by number. */
  private final Map<Integer, CallRunner.Running> underWay = new LinkedHashMap<>();

  /** Until when the turn's work may take: counted from when it was taken up, so that time in which no node was up does not count. */
  private Instant deadline = Instant.EPOCH;

  /** The trace ids of the requests that brought the running turns. */
  private final Map<String, String> traces = new HashMap<>();

  /** What was told of the running turn's answer. */
  private final StringBuilder said = new StringBuilder();

  private Session(ActorContext<Command> context, String entityId, Dependencies dependencies) {
    super(
        PersistenceId.of(KIND, entityId),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.2));
    this.context = context;
    this.key = SessionKey.parse(entityId);
    this.dependencies = dependencies;
    this.runner = new CallRunner(context.getSystem(), dependencies.clock(), dependencies.tools());
    this.leasing = new Leasing(key, dependencies.accounts());
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
        .onCommand(Delegate.class, this::onDelegate)
        .onCommand(DelegateEnded.class, this::onDelegateEnded)
        .onCommand(Stop.class, this::onStop)
        .onCommand(OfPerson.class, this::onPerson)
        .onCommand(Describe.class, this::onDescribe)
        .onCommand(Watch.class, this::onWatch)
        .onCommand(Wake.class, this::onWake)
        .onCommand(Step.class, this::onStep)
        .onCommand(ModelSaid.class, this::onModelSaid)
        .onCommand(ModelAnswered.class, this::onModelAnswered)
        .onCommand(CallReturned.class, this::onCallReturned)
        .onCommand(WatcherGone.class, this::onWatcherGone)
        .onCommand(TimeUp.class, this::onTimeUp)
        .onCommand(LeaseTaken.class, this::onLeaseTaken)
        .onCommand(Recall.class, this::onRecall)
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
          : refuse(
              open.replyTo(),
              ErrorCode.CONFLICT,
              "session " + key.session() + " is open with agent '" + state.agent() + "'");
    }
    return Effect()
        .persist(new SessionEvent.SessionOpened(open.agent(), open.subject(), now()))
        .thenReply(open.replyTo(), s -> new Opened(s.agent()));
  }

  private Effect<SessionEvent, SessionState> refuse(
      ActorRef<Reply> replyTo, ErrorCode code, String message) {
    return Effect().none().thenReply(replyTo, s -> new Rejected(code, message));
  }

  private Effect<SessionEvent, SessionState> notOpen(ActorRef<Reply> replyTo) {
    return refuse(replyTo, ErrorCode.NOT_FOUND, "session " + key.session() + " does not exist");
  }

  private Effect<SessionEvent, SessionState> noTurn(ActorRef<Reply> replyTo, String turn) {
    return refuse(replyTo, ErrorCode.NOT_FOUND, "turn " + turn + " does not exist");
  }

  private Effect<SessionEvent, SessionState> onSay(SessionState state, Say say) {
    if (!state.isOpen()) {
      return notOpen(say.replyTo());
    }
    Turn known = state.turn(say.turn()).orElse(null);
    return known != null
        ? join(known, say.replyTo())
        : accept(
            state,
            say.turn(),
            Stream.concat(
                    withdrawn(state, say),
                    Stream.of(new SessionEvent.TurnAccepted(say.turn(), say.content(), now())))
                .toList(),
            say.context(),
            say.replyTo());
  }

  /** What ends the turn whose call the message drops or changes. */
  private Stream<SessionEvent> withdrawn(SessionState state, Say say) {
    Turn latest = state.turns().isEmpty() ? null : state.turns().getLast();
    if (latest == null || !latest.isWaiting() || !state.operator().isEmpty()) {
      return Stream.empty();
    }
    AgentDefinition definition = knownDefinition(state, latest);
    return definition == null
        ? Stream.empty()
        : Dialogue.withdraw(latest, ContentPart.textOf(say.content()), definition, now()).stream();
  }

  private Effect<SessionEvent, SessionState> onComplete(SessionState state, Complete complete) {
    Turn named = state.turn(complete.turn()).orElse(null);
    boolean another = state.isOpen()
        && !(state.agent().equals(complete.agent()) && state.subject().equals(complete.subject()));
    if (another
        || (named != null && !named.isCompletionOf(complete.history(), complete.content()))) {
      return refuse(
          complete.replyTo(),
          ErrorCode.CONFLICT,
          "this Idempotency-Key was used for another request; use a new one");
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
            List.of(new SessionEvent.CompletionAccepted(
                complete.turn(),
                complete.agent(),
                complete.subject(),
                complete.history(),
                complete.content(),
                now())),
            complete.context(),
            complete.replyTo());
  }

  private Effect<SessionEvent, SessionState> onDelegate(SessionState state, Delegate delegate) {
    Turn known = state.turn(delegate.turn()).orElse(null);
    if (known != null) {
      return join(known, delegate.replyTo());
    }
    if (state.isOpen()) {
      return refuse(
          delegate.replyTo(),
          ErrorCode.CONFLICT,
          "session " + key.session() + " is open for something else than the call");
    }
    String refusal = Delegation.refusal(
            delegate.origin(), delegate.agent(), dependencies.delegationDepth())
        .orElse("");
    return refusal.isEmpty()
        ? accept(
            state,
            delegate.turn(),
            List.of(
                new SessionEvent.SessionOpened(
                    delegate.agent(), delegate.subject(), now(), Optional.of(delegate.origin())),
                new SessionEvent.TurnAccepted(delegate.turn(), delegate.content(), now())),
            delegate.context(),
            delegate.replyTo())
        : refuse(delegate.replyTo(), ErrorCode.INVALID_REQUEST, refusal);
  }

  private Effect<SessionEvent, SessionState> onDelegateEnded(
      SessionState state, DelegateEnded end) {
    List<SessionEvent> events = state
        .turn(end.turn())
        .map(turn -> Delegation.ended(turn, end.call(), now()))
        .orElse(List.of());
    return events.isEmpty()
        ? Effect().none()
        : Effect().persist(events).thenRun(s -> goOn(s, end.turn()));
  }

  /** A known turn is answered from the journal, or its end is waited for. */
  private Effect<SessionEvent, SessionState> join(Turn known, ActorRef<Reply> replyTo) {
    if (!known.isRunning()) {
      return Effect()
          .none()
          .thenReply(replyTo, s -> new Finished(known, known.finishedAtVersion()));
    }
    boolean joins = listeners.listen(known.id(), replyTo);
    return Effect().none().thenRun(s -> {
      replyTo.tell(new Accepted(known.id(), known.acceptedAtVersion()));
      if (joins) {
        catchUp(known.id(), replyTo);
      }
    });
  }

  /** Tell a new listener what the others have heard. */
  private void catchUp(String turn, ActorRef<Reply> listener) {
    if (working.equals(turn)) {
      for (int at = 0; at < said.length(); at += DELTA_CHARACTERS) {
        listener.tell(new Delta(
            turn, at, said.substring(at, Math.min(said.length(), at + DELTA_CHARACTERS))));
      }
    }
  }

  private Effect<SessionEvent, SessionState> accept(
      SessionState state,
      String id,
      List<SessionEvent> accepted,
      Context caller,
      ActorRef<Reply> replyTo) {
    if (state.running() >= MAX_WAITING) {
      return refuse(
          replyTo,
          ErrorCode.QUEUE_FULL,
          state.running() + " turns wait in this session, at most " + MAX_WAITING
              + " may; wait for an answer and try again");
    }
    if (state.waiting() >= MAX_SUSPENDED) {
      return refuse(
          replyTo,
          ErrorCode.QUEUE_FULL,
          state.waiting() + " turns of this session wait for people, at most " + MAX_SUSPENDED
              + " may; stop one or wait for a decision");
    }
    listeners.listen(id, replyTo);
    traces.put(id, caller.trace());
    return Effect().persist(accepted).thenRun(s -> {
      Turn turn = s.turn(id).orElseThrow();
      listeners.tell(id, new Accepted(id, turn.acceptedAtVersion()));
      accepted.stream()
          .filter(SessionEvent.TurnFinished.class::isInstance)
          .forEach(end -> ended(s, ((SessionEvent.TurnFinished) end).turn()));
      proceed(s);
    });
  }

  private Effect<SessionEvent, SessionState> onStop(SessionState state, Stop stop) {
    Turn turn = (stop.turn().isEmpty()
            ? state.turn(working).or(state::current).or(state::latestWaiting)
            : state.turn(stop.turn()))
        .orElse(null);
    if (turn == null) {
      return stop.turn().isEmpty()
          ? refuse(stop.replyTo(), ErrorCode.NOT_FOUND, "no turn is running")
          : noTurn(stop.replyTo(), stop.turn());
    }
    if (turn.hasEnded()) {
      return Effect()
          .none()
          .thenReply(stop.replyTo(), s -> new Finished(turn, turn.finishedAtVersion()));
    }
    listeners.listen(turn.id(), stop.replyTo());
    List<SessionEvent> events = new ArrayList<>(Ledger.leave(turn, external(state, turn), now()));
    events.add(finished(
        turn,
        new NextStep.Answer("Stopped.", Turn.Status.STOPPED, ErrorCode.STOPPED.id()),
        List.of(),
        Optional.empty()));
    return Effect().persist(events).thenRun(s -> ended(s, turn.id()));
  }

  private Map<String, ToolTraits> external(SessionState state, @Nullable Turn turn) {
    AgentDefinition definition = turn == null ? null : knownDefinition(state, turn);
    return definition == null ? Map.of() : definition.external();
  }

  /** Null when the agent is not defined any more. */
  private @Nullable AgentDefinition knownDefinition(SessionState state, Turn turn) {
    try {
      return definition(state, turn);
    } catch (AgentOsException noDefinition) {
      return null;
    }
  }

  private AgentDefinition definition(SessionState state, Turn turn) {
    return dependencies.agents().apply(state.serving(turn));
  }

  private Effect<SessionEvent, SessionState> onPerson(SessionState state, OfPerson request) {
    Turn about = request instanceof OfTurn ofTurn ? state.turn(ofTurn.turn()).orElse(null) : null;
    return switch (People.rule(state, request, external(state, about), now())) {
      case Ruling.Refused refused -> refuse(request.replyTo(), refused.code(), refused.message());
      case Ruling.Accepted accepted ->
        Effect().persist(accepted.events()).thenRun(s -> {
          Turn turn = request instanceof OfTurn of ? s.turn(of.turn()).orElse(null) : null;
          request.replyTo().tell(turn == null ? description(s) : new Recorded(turn));
          if (turn != null && turn.finishedAtVersion() > state.version()) {
            ended(s, turn.id());
          } else {
            goOn(s, turn == null ? "" : turn.id());
          }
        });
    };
  }

  private Effect<SessionEvent, SessionState> onDescribe(SessionState state, Describe describe) {
    return state.isOpen()
        ? Effect().none().thenReply(describe.replyTo(), this::description)
        : notOpen(describe.replyTo());
  }

  private Reply description(SessionState state) {
    return new Description(
        state.agent(),
        state.subject(),
        state.openedAt(),
        latest(state.turns()),
        Cluster.get(context.getSystem()).selfMember().address().toString(),
        state.version(),
        state.operator(),
        state.usage(),
        state.serving(),
        state.origin());
  }

  /** As many of the latest turns as one message carries, at least one. */
  private static List<Turn> latest(List<Turn> turns) {
    int from = turns.size();
    long characters = 0;
    while (from > 0 && characters < DESCRIBED_CHARACTERS) {
      from--;
      characters += turns.get(from).characters();
    }
    boolean tooMany = characters > DESCRIBED_CHARACTERS && from < turns.size() - 1;
    return turns.subList(tooMany ? from + 1 : from, turns.size());
  }

  private Effect<SessionEvent, SessionState> onWatch(SessionState state, Watch watch) {
    boolean joins = listeners.watch(watch.watcher());
    if (joins) {
      context.watchWith(watch.watcher(), new WatcherGone(watch.watcher()));
    }
    // In the order in which they happened: a turn that waited ends after later ones.
    Map<Long, Reply> happened = new TreeMap<>();
    for (Turn turn : state.turns()) {
      happened.put(turn.acceptedAtVersion(), new Accepted(turn.id(), turn.acceptedAtVersion()));
      if (turn.finishedAtVersion() > 0) {
        happened.put(turn.finishedAtVersion(), new Finished(turn, turn.finishedAtVersion()));
      }
    }
    happened.forEach((version, reply) -> {
      if (version > watch.afterVersion()) {
        watch.watcher().tell(reply);
      }
    });
    if (joins) {
      catchUp(working, watch.watcher());
    }
    return Effect().none();
  }

  private Effect<SessionEvent, SessionState> onWatcherGone(SessionState state, WatcherGone gone) {
    listeners.gone(gone.watcher());
    return Effect().none();
  }

  private Effect<SessionEvent, SessionState> onWake(SessionState state, Wake wake) {
    List<SessionEvent> expired = new ArrayList<>();
    for (Turn turn : state.turns()) {
      if (!turn.hasEnded()) {
        expired.addAll(Ledger.expire(turn, now()));
      }
      expired.addAll(Delegation.due(turn, wake.timer(), now()));
    }
    if (expired.isEmpty()) {
      proceed(state);
      return Effect().none();
    }
    return Effect().persist(expired).thenRun(s -> goOn(s, working));
  }

  /** Take up the oldest turn that runs, unless one is being worked on. */
  private void proceed(SessionState state) {
    Turn turn = state.current().orElse(null);
    if (turn == null || !working.isEmpty()) {
      return;
    }
    working = turn.id();
    dependencies.inFlight().incrementAndGet();
    deadline = now().plus(dependencies.turnTimeout());
    recordedUntil = now();
    said.setLength(0);
    context.getSelf().tell(new Step(turn.id()));
  }

  /** Something changed for a turn: take its next step if it is worked on, or take one up. */
  private void goOn(SessionState state, String turn) {
    state
        .turn(turn)
        .filter(each -> !each.plans().isEmpty())
        .ifPresent(each -> listeners.tell(turn, new Progressed(turn, each.progress())));
    if (working.equals(turn) && !turn.isEmpty()) {
      context.getSelf().tell(new Step(turn));
    } else {
      proceed(state);
    }
  }

  private void rest() {
    if (!working.isEmpty()) {
      working = "";
      asking = false;
      wanted.set(false);
      timeUp.cancel();
      underWay.values().forEach(call -> call.interrupt().run());
      underWay.clear();
      dependencies.inFlight().decrementAndGet();
    }
  }

  private Effect<SessionEvent, SessionState> onStep(SessionState state, Step step) {
    Turn turn = state.turn(step.turn()).filter(Turn::isRunning).orElse(null);
    if (turn == null || !working.equals(turn.id()) || asking || leasing.isUnderWay()) {
      return Effect().none();
    }
    AgentDefinition definition;
    try {
      definition = definition(state, turn);
    } catch (AgentOsException e) {
      return fail(turn, e);
    }
    NextStep next = NextStep.of(key, state, turn, definition);
    Spending spending = spending(state, turn, definition);
    Usage needed = spending.needed(next);
    Exceeded exceeded = spending.exceeded(needed).orElse(null);
    if (exceeded != null) {
      return exceed(
          state,
          turn,
          exceeded,
          next instanceof NextStep.Answer cut ? cut.text() : exceeded.message());
    }
    ringWhenTimeIsUp(turn, spending);
    if (!(next instanceof NextStep.Answer) && !leasing.suffices(state, needed, now())) {
      return Effect()
          .persist(leasing.begin(state, now()))
          .thenRun(s -> context.pipeToSelf(leasing.take(s, needed), LeaseTaken::new));
    }
    return switch (next) {
      case NextStep.AskModel ask -> ask(turn, spending.bounded(ask.request()));
      case NextStep.Act act -> act(state, turn, act.actions(), definition);
      case NextStep.Suspend suspend ->
        Effect()
            .persist(new SessionEvent.TurnSuspended(turn.id(), suspend.answer(), now(), lap(turn)))
            .thenRun(s -> ended(s, turn.id()));
      case NextStep.Answer answer -> finish(turn, answer, List.of());
    };
  }

  private Effect<SessionEvent, SessionState> ask(Turn turn, ChatRequest request) {
    asking = true;
    AtomicBoolean goOn = new AtomicBoolean(true);
    wanted = goOn;
    ActorRef<Command> self = context.getSelf();
    context.pipeToSelf(
        dependencies
            .models()
            .chat(turnContext(turn), request, text -> {
              self.tell(new ModelSaid(turn.id(), text));
              return goOn.get();
            })
            .toCompletableFuture()
            .orTimeout(dependencies.turnTimeout().toMillis(), TimeUnit.MILLISECONDS),
        (reply, failure) -> new ModelAnswered(turn.id(), request.model(), reply, failure));
    return Effect().none();
  }

  private Effect<SessionEvent, SessionState> onModelSaid(SessionState state, ModelSaid piece) {
    if (working.equals(piece.turn()) && asking) {
      listeners.tell(piece.turn(), new Delta(piece.turn(), said.length(), piece.text()));
      said.append(piece.text());
    }
    return Effect().none();
  }

  private Effect<SessionEvent, SessionState> onModelAnswered(
      SessionState state, ModelAnswered answered) {
    Turn turn = state.turn(answered.turn()).filter(Turn::isRunning).orElse(null);
    if (turn == null || !working.equals(turn.id()) || !asking) {
      return Effect().none();
    }
    asking = false;
    ChatReply reply = answered.reply();
    if (reply == null) {
      return fail(turn, answered.failure());
    }
    return Effect()
        .persist(new SessionEvent.ModelReplied(
            turn.id(),
            reply,
            now(),
            dependencies.prices().of(answered.model(), reply.usage()),
            lap(turn)))
        .thenRun(s -> goOn(s, turn.id()));
  }

  /** Start what is not under way; what must be known if this node dies is in the journal before. */
  private Effect<SessionEvent, SessionState> act(
      SessionState state, Turn turn, List<NextStep.Action> actions, AgentDefinition definition) {
    List<SessionEvent> events = new ArrayList<>();
    List<NextStep.Action> starting = new ArrayList<>();
    for (NextStep.Action action : actions) {
      Call call = action.call();
      if (underWay.containsKey(call.number())) {
        continue;
      }
      switch (action.kind()) {
        case ASK_APPROVAL ->
          events.add(Ledger.request(turn, call, dependencies.approvalExpiry(), now()));
        case DOUBT ->
          events.add(Ledger.doubt(turn, call, "Its node was lost while it ran.", now()));
        case START -> {
          events.add(Ledger.start(turn, call, dependencies.prices().ofCall(call.name()), now()));
          starting.add(action);
        }
        case PERSONAL, REPEAT -> starting.add(action);
        case PLAN -> events.add(Ledger.plan(turn, call, definition, now()));
        case HAND_OFF ->
          events.addAll(Ledger.handOff(
              turn, call, definition.handOffs().getOrDefault(call.name(), ""), now()));
        case REFUSE -> events.add(Ledger.refuse(turn, call, now()));
      }
    }
    if (events.isEmpty()) {
      starting.forEach(action -> carryOut(state, turn, action, definition));
      return Effect().none();
    }
    return Effect().persist(events).thenRun(s -> {
      starting.forEach(action -> carryOut(s, turn, action, definition));
      goOn(s, turn.id());
    });
  }

  private void carryOut(
      SessionState state, Turn turn, NextStep.Action action, AgentDefinition definition) {
    Call call = action.call();
    Context caller = turnContext(turn);
    String asked = definition.agents().get(call.name());
    CallRunner.Running running;
    if (action.kind() == NextStep.Action.Kind.PERSONAL) {
      running = runner.personal(
          new AgentKey(key.tenant(), state.serving(turn), state.subject()),
          call,
          action.said().orElseGet(() -> ContentPart.textOf(turn.content())),
          caller);
    } else if (asked != null) {
      running = runner.delegate(key, state, turn, call, asked, caller);
    } else {
      running = runner.external(
          call, definition.external().getOrDefault(call.name(), ToolTraits.EFFECT), caller);
    }
    underWay.put(call.number(), running);
    context.pipeToSelf(
        running.outcome(),
        (outcome, failure) -> new CallReturned(
            turn.id(),
            call,
            outcome == null ? new CallOutcome.Unknown(String.valueOf(failure)) : outcome));
  }

  private Effect<SessionEvent, SessionState> onCallReturned(
      SessionState state, CallReturned returned) {
    Turn turn = state.turn(returned.turn()).orElse(null);
    if (turn == null) {
      return Effect().none();
    }
    Call call = turn.call(returned.call().number()).orElse(returned.call());
    if (turn.hasEnded()) {
      // The receipt of a call that its turn did not wait for.
      return call.status() == Call.Status.UNKNOWN
              && returned.outcome() instanceof CallOutcome.Ended late
          ? Effect().persist(Ledger.end(turn, call, late, now()))
          : Effect().none();
    }
    if (!working.equals(turn.id()) || underWay.remove(call.number()) == null) {
      return Effect().none();
    }
    if (returned.outcome() instanceof CallOutcome.Pending pending) {
      return Effect()
          .persist(new SessionEvent.CallPending(turn.id(), call.number(), pending.text(), now()))
          .thenRun(s -> goOn(s, turn.id()));
    }
    if (returned.outcome() instanceof CallOutcome.Unknown unknown) {
      return Effect()
          .persist(Ledger.doubt(turn, call, unknown.reason(), now()))
          .thenRun(s -> goOn(s, turn.id()));
    }
    SessionEvent.CallEnded end =
        Ledger.end(turn, call, (CallOutcome.Ended) returned.outcome(), now());
    return call.status() == Call.Status.PLANNED
        ? endOfPersonal(state, turn, end)
        : Effect().persist(end).thenRun(s -> goOn(s, turn.id()));
  }

  /** A call that the agent has in its own journal and that ends the turn is recorded with the turn's end: an event less. */
  private Effect<SessionEvent, SessionState> endOfPersonal(
      SessionState state, Turn turn, SessionEvent.CallEnded end) {
    SessionState after = state.apply(end);
    Turn then = after.turn(turn.id()).orElseThrow();
    return NextStep.of(key, after, then, definition(after, then)) instanceof NextStep.Answer answer
        ? finish(turn, answer, List.of(then.call(end.call()).orElseThrow()))
        : Effect().persist(end).thenRun(s -> goOn(s, turn.id()));
  }

  private Effect<SessionEvent, SessionState> fail(Turn turn, @Nullable Throwable failure) {
    AgentOsException known = failure instanceof TimeoutException
        ? new AgentOsException(
            ErrorCode.DEADLINE_EXCEEDED,
            "the turn took longer than " + dependencies.turnTimeout()
                + " (llmagentos.agent.turn-timeout)")
        : ApiError.known(
            failure == null ? new IllegalStateException("no reply and no failure") : failure);
    MDC.put("trace", traces.getOrDefault(turn.id(), "-"));
    context
        .getLog()
        .warn("turn {} of session {} failed: {}", turn.id(), key.session(), known.getMessage());
    MDC.remove("trace");
    return finish(
        turn,
        new NextStep.Answer(
            "Sorry, that did not work: " + known.getMessage(),
            Turn.Status.FAILED,
            known.code().id()),
        List.of());
  }

  private Effect<SessionEvent, SessionState> finish(
      Turn turn, NextStep.Answer answer, List<Call> calls) {
    return Effect()
        .persist(finished(turn, answer, calls, Optional.empty()))
        .thenRun(s -> ended(s, turn.id()));
  }

  private SessionEvent.TurnFinished finished(
      Turn turn, NextStep.Answer answer, List<Call> calls, Optional<Exceeded> exceeded) {
    return new SessionEvent.TurnFinished(
        turn.id(),
        answer.status(),
        answer.text(),
        calls,
        answer.error(),
        now(),
        lap(turn),
        exceeded);
  }

  /** A limit stops the turn: what runs of it is interrupted, what is done stays done. */
  private EffectBuilder<SessionEvent, SessionState> exceed(
      SessionState state, Turn turn, Exceeded why, String answer, SessionEvent... before) {
    List<SessionEvent> events = new ArrayList<>(List.of(before));
    events.addAll(Ledger.leave(turn, external(state, turn), now()));
    events.add(finished(
        turn,
        new NextStep.Answer(answer, Turn.Status.BUDGET_EXCEEDED, ErrorCode.BUDGET_EXCEEDED.id()),
        List.of(),
        Optional.of(why)));
    return Effect().persist(events).thenRun(s -> ended(s, turn.id()));
  }

  private Spending spending(SessionState state, Turn turn, AgentDefinition definition) {
    return new Spending(
        state,
        turn,
        definition,
        dependencies.prices(),
        new Usage(0, 0, 0, 0, 0, unrecordedMillis(turn)));
  }

  private void ringWhenTimeIsUp(Turn turn, Spending spending) {
    timeUp.cancel();
    spending
        .millisLeft()
        .ifPresent(left -> timeUp = context.scheduleOnce(
            Duration.ofMillis(Math.min(left, FURTHEST_RING.toMillis())),
            context.getSelf(),
            new TimeUp(turn.id())));
  }

  private Effect<SessionEvent, SessionState> onTimeUp(SessionState state, TimeUp up) {
    Turn turn = state.turn(up.turn()).filter(Turn::isRunning).orElse(null);
    if (turn == null || !working.equals(turn.id())) {
      return Effect().none();
    }
    try {
      Spending spending = spending(state, turn, definition(state, turn));
      Exceeded exceeded = spending.exceeded(new Usage(0, 0, 0, 0, 0, 1)).orElse(null);
      if (exceeded != null) {
        return exceed(state, turn, exceeded, exceeded.message());
      }
      ringWhenTimeIsUp(turn, spending); // the two clocks do not agree to the millisecond
      return Effect().none();
    } catch (AgentOsException noDefinition) {
      return fail(turn, noDefinition);
    }
  }

  /** What was worked on the turn since its last event. */
  private long unrecordedMillis(Turn turn) {
    return working.equals(turn.id())
        ? Math.max(0, Duration.between(recordedUntil, now()).toMillis())
        : 0;
  }

  /** The same, for the event that now says so. */
  private long lap(Turn turn) {
    long millis = unrecordedMillis(turn);
    if (working.equals(turn.id())) {
      recordedUntil = now();
    }
    return millis;
  }

  private Effect<SessionEvent, SessionState> onLeaseTaken(SessionState state, LeaseTaken taken) {
    leasing.end();
    if (taken.reply() instanceof Account.Leased leased) {
      return Effect()
          .persist(new SessionEvent.BudgetLeased(
              leased.lease(), leased.granted(), leased.expiresAt(), now()))
          .thenRun(s -> goOn(s, working));
    }
    Turn turn = state.turn(working).filter(Turn::isRunning).orElse(null);
    if (turn == null) {
      return Effect().none(); // it was stopped; the next one asks again
    }
    if (!(taken.reply() instanceof Account.Refused refused)) {
      return fail(turn, taken.failure());
    }
    // One account may have granted what another has refused.
    return exceed(
            state,
            turn,
            refused.why(),
            refused.why().message(),
            new SessionEvent.LeaseSettled(refused.lease(), Usage.NONE, now()))
        .thenRun(s -> leasing.tellSettled(s, refused.lease()));
  }

  private Effect<SessionEvent, SessionState> onRecall(SessionState state, Recall recall) {
    List<SessionEvent> settlement = leasing.recalled(state, recall.lease(), now());
    boolean busy = leasing.isUnderWay() || !working.isEmpty();
    return busy && !settlement.isEmpty()
        ? Effect().none() // a later recall finds it at rest
        : Effect().persist(settlement).thenRun(s -> leasing.tellSettled(s, recall.lease()));
  }

  /** The turn has ended or waits: whoever asked for it hears so, and the next one is taken up. */
  private void ended(SessionState state, String turnId) {
    Turn turn = state.turn(turnId).orElseThrow();
    if (working.equals(turnId)) {
      rest();
    }
    if (turn.hasEnded()) {
      leave(state, turn);
    }
    traces.remove(turnId);
    listeners.tellLast(turnId, new Finished(turn, turn.finishedAtVersion()));
    proceed(state);
  }

  /** Whoever works for the turn need not any more; whoever it worked for goes on. */
  private void leave(SessionState state, Turn turn) {
    boolean anyLeft =
        turn.calls().stream().anyMatch(call -> call.status() == Call.Status.CANCELLED);
    AgentDefinition definition = anyLeft ? knownDefinition(state, turn) : null;
    if (definition != null) {
      Delegation.left(turn, definition).forEach(call -> runner.stop(key, call, turnContext(turn)));
    }
    state
        .origin()
        .ifPresent(origin -> ClusterSharding.get(context.getSystem())
            .entityRefFor(KEY, origin.session())
            .tell(new DelegateEnded(origin.turn(), origin.call())));
  }

  private Context turnContext(Turn turn) {
    String trace =
        traces.computeIfAbsent(turn.id(), id -> UUID.randomUUID().toString().replace("-", ""));
    return new Context(key.tenant(), key.principal(), deadline, trace, Provenance.PRINCIPAL);
  }

  private Instant now() {
    return dependencies.clock().instant();
  }
}
