package io.llmagentos.agent.session;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.journal.EventProjection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;

/** What is said to a session, and what comes of it: the journal is written here and by the {@link TurnRunner}, by nobody else. */
final class SessionEntity
    extends EventSourcedBehavior<Session.Command, SessionEvent, SessionState> {
  /** Turns that may wait in one session. */
  static final int MAX_WAITING = 8;

  /** Turns that may wait for people in one session. */
  static final int MAX_SUSPENDED = 32;

  /** What a description may hold; the turns before are in the stream of events. */
  private static final long DESCRIBED_CHARACTERS = 200_000;

  record WatcherGone(ActorRef<Session.Reply> watcher) implements Session.Command {}

  private final ActorContext<Session.Command> context;
  private final SessionKey key;
  private final Session.Dependencies dependencies;
  private final Listeners listeners = new Listeners();
  private final Outbox outbox;
  private final TurnRunner turns;

  SessionEntity(
      ActorContext<Session.Command> context, String entityId, Session.Dependencies dependencies) {
    super(
        PersistenceId.of(Session.KIND, entityId),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.2));
    this.context = context;
    this.key = SessionKey.parse(entityId);
    this.dependencies = dependencies;
    this.outbox = new Outbox(context, key, dependencies.clock());
    this.turns = new TurnRunner(context, key, dependencies, listeners, outbox, Effect());
    dependencies.resident().incrementAndGet();
  }

  @Override
  public SessionState emptyState() {
    return SessionState.EMPTY;
  }

  @Override
  public CommandHandler<Session.Command, SessionEvent, SessionState> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(Session.Open.class, this::onOpen)
        .onCommand(Session.Say.class, this::onSay)
        .onCommand(Session.Complete.class, this::onComplete)
        .onCommand(Session.Delegate.class, this::onDelegate)
        .onCommand(Session.DelegateEnded.class, this::onDelegateEnded)
        .onCommand(Session.Stop.class, this::onStop)
        .onCommand(Session.OfPerson.class, this::onPerson)
        .onCommand(Session.Describe.class, this::onDescribe)
        .onCommand(Session.Watch.class, this::onWatch)
        .onCommand(Session.Wake.class, this::onWake)
        .onCommand(TurnRunner.Step.class, turns::onStep)
        .onCommand(TurnRunner.ModelSaid.class, turns::onModelSaid)
        .onCommand(TurnRunner.ModelAnswered.class, turns::onModelAnswered)
        .onCommand(TurnRunner.CallReturned.class, turns::onCallReturned)
        .onCommand(WatcherGone.class, this::onWatcherGone)
        .onCommand(Outbox.Told.class, this::onTold)
        .onCommand(TurnRunner.TimeUp.class, turns::onTimeUp)
        .onCommand(TurnRunner.LeaseTaken.class, turns::onLeaseTaken)
        .onCommand(Session.Recall.class, turns::onRecall)
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
        .onSignal(RecoveryCompleted.instance(), turns::proceed)
        .onSignal(PostStop.instance(), state -> gone())
        .onSignal(PreRestart.instance(), state -> gone())
        .build();
  }

  private void gone() {
    dependencies.resident().decrementAndGet();
    turns.rest();
  }

  private Effect<SessionEvent, SessionState> onOpen(SessionState state, Session.Open open) {
    if (state.isOpen()) {
      return state.agent().equals(open.agent()) && state.subject().equals(open.subject())
          ? Effect().none().thenReply(open.replyTo(), s -> new Session.Opened(s.agent()))
          : refuse(
              open.replyTo(),
              ErrorCode.CONFLICT,
              "session " + key.session() + " is open with agent '" + state.agent() + "'");
    }
    return Effect()
        .persist(new SessionEvent.SessionOpened(open.agent(), open.subject(), now()))
        .thenReply(open.replyTo(), s -> new Session.Opened(s.agent()));
  }

  private Effect<SessionEvent, SessionState> refuse(
      ActorRef<Session.Reply> replyTo, ErrorCode code, String message) {
    return Effect().none().thenReply(replyTo, s -> new Session.Rejected(code, message));
  }

  private Effect<SessionEvent, SessionState> notOpen(ActorRef<Session.Reply> replyTo) {
    return refuse(replyTo, ErrorCode.NOT_FOUND, "session " + key.session() + " does not exist");
  }

  private Effect<SessionEvent, SessionState> noTurn(ActorRef<Session.Reply> replyTo, String turn) {
    return refuse(replyTo, ErrorCode.NOT_FOUND, "turn " + turn + " does not exist");
  }

  private Effect<SessionEvent, SessionState> onSay(SessionState state, Session.Say say) {
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
  private Stream<SessionEvent> withdrawn(SessionState state, Session.Say say) {
    Turn latest = state.turns().isEmpty() ? null : state.turns().getLast();
    if (latest == null || !latest.isWaiting() || !state.operator().isEmpty()) {
      return Stream.empty();
    }
    AgentDefinition definition = dependencies.knownDefinition(state, latest);
    return definition == null
        ? Stream.empty()
        : Dialogue.withdraw(latest, ContentPart.textOf(say.content()), definition, now()).stream();
  }

  private Effect<SessionEvent, SessionState> onComplete(
      SessionState state, Session.Complete complete) {
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

  private Effect<SessionEvent, SessionState> onDelegate(
      SessionState state, Session.Delegate delegate) {
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
      SessionState state, Session.DelegateEnded end) {
    Turn turn = state.turn(end.turn()).orElse(null);
    if (turn != null && Delegation.isFollowed(turn, end.call())) {
      return Effect().none();
    }
    List<SessionEvent> events =
        turn == null ? List.of() : Delegation.ended(turn, end.call(), now());
    return Effect().persist(events).thenRun(s -> {
      end.replyTo().tell(new Session.Heard(end.turn()));
      if (!events.isEmpty()) {
        turns.goOn(s, end.turn());
      }
    });
  }

  /** A known turn is answered from the journal, or its end is waited for. */
  private Effect<SessionEvent, SessionState> join(Turn known, ActorRef<Session.Reply> replyTo) {
    if (!known.isRunning()) {
      return Effect()
          .none()
          .thenReply(replyTo, s -> new Session.Finished(known, known.finishedAtVersion()));
    }
    boolean joins = listeners.listen(known.id(), replyTo);
    return Effect().none().thenRun(s -> {
      replyTo.tell(new Session.Accepted(known.id(), known.acceptedAtVersion()));
      if (joins) {
        turns.catchUp(known.id(), replyTo);
      }
    });
  }

  private Effect<SessionEvent, SessionState> accept(
      SessionState state,
      String id,
      List<SessionEvent> events,
      Context caller,
      ActorRef<Session.Reply> replyTo) {
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
    List<SessionEvent> accepted = Delegation.withWord(state, events);
    listeners.listen(id, replyTo);
    turns.trace(id, caller.trace());
    return Effect().persist(accepted).thenRun(s -> {
      Turn turn = s.turn(id).orElseThrow();
      listeners.tell(id, new Session.Accepted(id, turn.acceptedAtVersion()));
      accepted.stream()
          .filter(SessionEvent.TurnFinished.class::isInstance)
          .forEach(end -> turns.ended(s, ((SessionEvent.TurnFinished) end).turn(), accepted));
      turns.proceed(s);
    });
  }

  private Effect<SessionEvent, SessionState> onStop(SessionState state, Session.Stop stop) {
    Turn turn = (stop.turn().isEmpty()
            ? state.turn(turns.working()).or(state::current).or(state::latestWaiting)
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
          .thenReply(stop.replyTo(), s -> new Session.Finished(turn, turn.finishedAtVersion()));
    }
    listeners.listen(turn.id(), stop.replyTo());
    return turns.stop(state, turn);
  }

  private Effect<SessionEvent, SessionState> onPerson(
      SessionState state, Session.OfPerson request) {
    Turn about =
        request instanceof Session.OfTurn ofTurn ? state.turn(ofTurn.turn()).orElse(null) : null;
    return switch (People.rule(state, request, dependencies.external(state, about), now())) {
      case Ruling.Refused refused -> refuse(request.replyTo(), refused.code(), refused.message());
      case Ruling.Accepted accepted -> {
        List<SessionEvent> events = Delegation.withWord(state, accepted.events());
        yield Effect().persist(events).thenRun(s -> {
          Turn turn = request instanceof Session.OfTurn of ? s.turn(of.turn()).orElse(null) : null;
          request.replyTo().tell(turn == null ? description(s) : new Session.Recorded(turn));
          if (turn != null && turn.finishedAtVersion() > state.version()) {
            turns.ended(s, turn.id(), events);
          } else {
            turns.goOn(s, turn == null ? "" : turn.id());
          }
        });
      }
    };
  }

  private Effect<SessionEvent, SessionState> onDescribe(
      SessionState state, Session.Describe describe) {
    return state.isOpen()
        ? Effect().none().thenReply(describe.replyTo(), this::description)
        : notOpen(describe.replyTo());
  }

  private Session.Reply description(SessionState state) {
    return new Session.Description(
        state.agent(),
        state.subject(),
        state.openedAt(),
        state.latest(DESCRIBED_CHARACTERS),
        Cluster.get(context.getSystem()).selfMember().address().toString(),
        state.version(),
        state.operator(),
        state.usage(),
        state.serving(),
        state.origin());
  }

  private Effect<SessionEvent, SessionState> onWatch(SessionState state, Session.Watch watch) {
    boolean joins = listeners.watch(watch.watcher());
    if (joins) {
      context.watchWith(watch.watcher(), new WatcherGone(watch.watcher()));
    }
    // In the order in which they happened: a turn that waited ends after later ones.
    Map<Long, Session.Reply> happened = new TreeMap<>();
    for (Turn turn : state.turns()) {
      happened.put(
          turn.acceptedAtVersion(), new Session.Accepted(turn.id(), turn.acceptedAtVersion()));
      if (turn.finishedAtVersion() > 0) {
        happened.put(
            turn.finishedAtVersion(), new Session.Finished(turn, turn.finishedAtVersion()));
      }
    }
    happened.forEach((version, reply) -> {
      if (version > watch.afterVersion()) {
        watch.watcher().tell(reply);
      }
    });
    if (joins) {
      turns.catchUp(turns.working(), watch.watcher());
    }
    return Effect().none();
  }

  private Effect<SessionEvent, SessionState> onWatcherGone(SessionState state, WatcherGone gone) {
    listeners.gone(gone.watcher());
    return Effect().none();
  }

  private Effect<SessionEvent, SessionState> onTold(SessionState state, Outbox.Told told) {
    outbox.returned(told);
    return told.heard()
        ? Effect().persist(new SessionEvent.TimerDone(told.timer(), now()))
        : Effect().none();
  }

  private Effect<SessionEvent, SessionState> onWake(SessionState state, Session.Wake wake) {
    outbox.again(state, wake.timer());
    List<SessionEvent> expired = new ArrayList<>();
    for (Turn turn : state.turns()) {
      expired.addAll(Ledger.expire(turn, now()));
      expired.addAll(Delegation.due(turn, wake.timer(), now()));
    }
    if (expired.isEmpty() && !state.waitsFor(wake.timer())) {
      expired.add(new SessionEvent.TimerDone(wake.timer(), now()));
    }
    if (expired.isEmpty()) {
      turns.proceed(state);
      return Effect().none();
    }
    return Effect().persist(expired).thenRun(s -> turns.goOn(s, turns.working()));
  }

  private Instant now() {
    return dependencies.clock().instant();
  }
}
