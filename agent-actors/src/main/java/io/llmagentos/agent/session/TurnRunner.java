package io.llmagentos.agent.session;

import io.llmagentos.agent.account.Account;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.ApiError;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectBuilder;
import org.apache.pekko.persistence.typed.javadsl.EffectFactories;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Works on a session's turns, one at a time: takes the oldest that runs from step to step until it has ended or waits. What is needed for that and is not in the
 * journal is here, and gone with this incarnation of the session. Of one actor.
 */
final class TurnRunner {
  /** What one delta may hold. */
  private static final int DELTA_CHARACTERS = 50_000;

  /** The scheduler's furthest is 248 days. */
  private static final Duration FURTHEST_RING = Duration.ofDays(1);

  /** What comes of the work: internal, never on the wire. */
  sealed interface Progress extends Session.Command {}

  record Step(String turn) implements Progress {}

  record ModelSaid(String turn, String text) implements Progress {}

  record ModelAnswered(
      String turn,
      String model,
      @Nullable ChatReply reply,
      @Nullable Throwable failure) implements Progress {}

  record LeaseTaken(Account.@Nullable Reply reply, @Nullable Throwable failure)
      implements Progress {}

  /** The turn's wall time may be used up. */
  record TimeUp(String turn) implements Progress {}

  record CallReturned(String turn, Call call, CallOutcome outcome) implements Progress {}

  private final ActorContext<Session.Command> context;
  private final SessionKey key;
  private final Session.Dependencies dependencies;
  private final Listeners listeners;
  private final Outbox outbox;
  private final EffectFactories<SessionEvent, SessionState> effects;
  private final CallRunner calls;
  private final Leasing leasing;

  /** The turn that is worked on; empty: none. */
  private String working = "";

  /** Whether the model is being asked for it. */
  private boolean asking;

  /** Whether the model that is being asked shall go on; another one for each request. */
  private AtomicBoolean wanted = new AtomicBoolean();

  /** What was worked on the turn since then is in no event yet; by a clock that nobody sets. */
  private long recordedUntilNanos;

  /** Rings when the turn's wall time is used up. */
  private Cancellable timeUp = Cancellable.alreadyCancelled();

  /** Its calls that are under way, by number. */
  private final Map<Integer, CallRunner.Running> underWay = new LinkedHashMap<>();

  /** Since when the turn's work counts against its timeout: time in which no node was up does not. */
  private long takenUpAtNanos;

  /** The trace ids of the requests that brought the running turns. */
  private final Map<String, String> traces = new HashMap<>();

  /** What was told of the running turn's answer. */
  private final StringBuilder said = new StringBuilder();

  TurnRunner(
      ActorContext<Session.Command> context,
      SessionKey key,
      Session.Dependencies dependencies,
      Listeners listeners,
      Outbox outbox,
      EffectFactories<SessionEvent, SessionState> effects) {
    this.context = context;
    this.key = key;
    this.dependencies = dependencies;
    this.listeners = listeners;
    this.outbox = outbox;
    this.effects = effects;
    this.calls = new CallRunner(context.getSystem(), dependencies.clock(), dependencies.tools());
    this.leasing = new Leasing(key, dependencies.accounts());
  }

  /** The turn that is worked on; empty: none. */
  String working() {
    return working;
  }

  /** A turn goes by the trace of the request that brought it. */
  void trace(String turn, String trace) {
    traces.put(turn, trace);
  }

  /** Tell a new listener what the others have heard. */
  void catchUp(String turn, ActorRef<Session.Reply> listener) {
    if (working.equals(turn)) {
      for (int at = 0; at < said.length(); at += DELTA_CHARACTERS) {
        listener.tell(new Session.Delta(
            turn, at, said.substring(at, Math.min(said.length(), at + DELTA_CHARACTERS))));
      }
    }
  }

  /** Take up the oldest turn that runs, unless one is being worked on. */
  void proceed(SessionState state) {
    Turn turn = state.current().orElse(null);
    if (turn == null || !working.isEmpty()) {
      return;
    }
    working = turn.id();
    dependencies.inFlight().incrementAndGet();
    takenUpAtNanos = System.nanoTime();
    recordedUntilNanos = takenUpAtNanos;
    said.setLength(0);
    context.getSelf().tell(new Step(turn.id()));
  }

  /** Something changed for a turn: take its next step if it is worked on, or take one up. */
  void goOn(SessionState state, String turn) {
    state
        .turn(turn)
        .filter(each -> !each.plans().isEmpty())
        .ifPresent(each -> listeners.tell(turn, new Session.Progressed(turn, each.progress())));
    if (working.equals(turn) && !turn.isEmpty()) {
      context.getSelf().tell(new Step(turn));
    } else {
      proceed(state);
    }
  }

  void rest() {
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

  Effect<SessionEvent, SessionState> onStep(SessionState state, Step step) {
    Turn turn = state.turn(step.turn()).filter(Turn::isRunning).orElse(null);
    if (turn == null || !working.equals(turn.id()) || asking || leasing.isUnderWay()) {
      return effects.none();
    }
    AgentDefinition definition;
    try {
      definition = dependencies.definition(state, turn);
    } catch (AgentOsException e) {
      return fail(state, turn, e);
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
      return effects
          .persist(leasing.begin(state, now()))
          .thenRun(s -> context.pipeToSelf(leasing.take(s, needed), LeaseTaken::new));
    }
    return switch (next) {
      case NextStep.AskModel ask -> ask(turn, spending.bounded(ask.request()));
      case NextStep.Act act -> act(state, turn, List.of(), act.actions(), definition);
      case NextStep.Suspend suspend ->
        effects
            .persist(new SessionEvent.TurnSuspended(turn.id(), suspend.answer(), now(), lap(turn)))
            .thenRun(s -> ended(s, turn.id(), List.of()));
      case NextStep.Answer answer -> finish(state, turn, answer, List.of());
    };
  }

  private Effect<SessionEvent, SessionState> ask(Turn turn, ChatRequest request) {
    asking = true;
    AtomicBoolean goOn = new AtomicBoolean(true);
    wanted = goOn;
    ActorRef<Session.Command> self = context.getSelf();
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
    return effects.none();
  }

  Effect<SessionEvent, SessionState> onModelSaid(SessionState state, ModelSaid piece) {
    if (working.equals(piece.turn()) && asking) {
      listeners.tell(piece.turn(), new Session.Delta(piece.turn(), said.length(), piece.text()));
      said.append(piece.text());
    }
    return effects.none();
  }

  Effect<SessionEvent, SessionState> onModelAnswered(SessionState state, ModelAnswered answered) {
    Turn turn = state.turn(answered.turn()).filter(Turn::isRunning).orElse(null);
    if (turn == null || !working.equals(turn.id()) || !asking) {
      return effects.none();
    }
    asking = false;
    ChatReply reply = answered.reply();
    if (reply == null) {
      return fail(state, turn, answered.failure());
    }
    return record(
        state,
        turn,
        new SessionEvent.ModelReplied(
            turn.id(),
            reply,
            now(),
            dependencies.prices().of(answered.model(), reply.usage()),
            lap(turn)));
  }

  /** A reply, and in the same write what it comes to, if that needs no lease first: the end of its turn, or calls that start. */
  private Effect<SessionEvent, SessionState> record(
      SessionState state, Turn turn, SessionEvent.ModelReplied reply) {
    SessionState after = state.apply(reply);
    Turn then = after.turn(turn.id()).orElseThrow();
    AgentDefinition definition = dependencies.knownDefinition(after, then);
    if (definition != null) {
      NextStep next = NextStep.of(key, after, then, definition);
      Spending spending = spending(after, then, definition);
      Usage needed = spending.needed(next);
      if (spending.exceeded(needed).isEmpty()) {
        if (next instanceof NextStep.Answer answer) {
          return end(after, then, List.of(reply), answer, List.of(), Optional.empty());
        }
        if (next instanceof NextStep.Act act && leasing.suffices(after, needed, now())) {
          return act(after, then, List.of(reply), act.actions(), definition);
        }
      }
    }
    return effects.persist(reply).thenRun(s -> goOn(s, turn.id()));
  }

  /**
   * Start what is not under way; what must be known if this node dies is in the journal before.
   *
   * @param before what is recorded with it
   */
  private Effect<SessionEvent, SessionState> act(
      SessionState state,
      Turn turn,
      List<SessionEvent> before,
      List<NextStep.Action> actions,
      AgentDefinition definition) {
    List<SessionEvent> events = new ArrayList<>(before);
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
      return effects.none();
    }
    return effects.persist(events).thenRun(s -> {
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
      running = calls.personal(
          new AgentKey(key.tenant(), state.serving(turn), state.subject()),
          call,
          action.said().orElseGet(() -> ContentPart.textOf(turn.content())),
          caller);
    } else if (asked != null) {
      running = calls.delegate(key, state, turn, call, asked, caller);
    } else {
      running = calls.external(
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

  Effect<SessionEvent, SessionState> onCallReturned(SessionState state, CallReturned returned) {
    Turn turn = state.turn(returned.turn()).orElse(null);
    if (turn == null) {
      return effects.none();
    }
    Call call = turn.call(returned.call().number()).orElse(returned.call());
    if (turn.hasEnded()) {
      // The receipt of a call that its turn did not wait for.
      return call.status() == Call.Status.UNKNOWN
              && returned.outcome() instanceof CallOutcome.Ended late
          ? effects.persist(Ledger.end(turn, call, late, now()))
          : effects.none();
    }
    if (!working.equals(turn.id()) || underWay.remove(call.number()) == null) {
      return effects.none();
    }
    if (returned.outcome() instanceof CallOutcome.Pending pending) {
      return effects
          .persist(new SessionEvent.CallPending(turn.id(), call.number(), pending.text(), now()))
          .thenRun(s -> goOn(s, turn.id()));
    }
    if (returned.outcome() instanceof CallOutcome.Unknown unknown) {
      return effects
          .persist(Ledger.doubt(turn, call, unknown.reason(), now()))
          .thenRun(s -> goOn(s, turn.id()));
    }
    SessionEvent.CallEnded end =
        Ledger.end(turn, call, (CallOutcome.Ended) returned.outcome(), now());
    return call.status() == Call.Status.PLANNED
        ? endOfPersonal(state, turn, end)
        : effects.persist(end).thenRun(s -> goOn(s, turn.id()));
  }

  /** A call that the agent has in its own journal and that ends the turn is recorded with the turn's end: an event less. */
  private Effect<SessionEvent, SessionState> endOfPersonal(
      SessionState state, Turn turn, SessionEvent.CallEnded end) {
    SessionState after = state.apply(end);
    Turn then = after.turn(turn.id()).orElseThrow();
    return NextStep.of(key, after, then, dependencies.definition(after, then))
            instanceof NextStep.Answer answer
        ? finish(state, turn, answer, List.of(then.call(end.call()).orElseThrow()))
        : effects.persist(end).thenRun(s -> goOn(s, turn.id()));
  }

  private Effect<SessionEvent, SessionState> fail(
      SessionState state, Turn turn, @Nullable Throwable failure) {
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
        state,
        turn,
        new NextStep.Answer(
            "Sorry, that did not work: " + known.getMessage(),
            Turn.Status.FAILED,
            known.code().id()),
        List.of());
  }

  private Effect<SessionEvent, SessionState> finish(
      SessionState state, Turn turn, NextStep.Answer answer, List<Call> calls) {
    return end(state, turn, List.of(), answer, calls, Optional.empty());
  }

  /** A person stops the turn. */
  Effect<SessionEvent, SessionState> stop(SessionState state, Turn turn) {
    return finish(
        state,
        turn,
        new NextStep.Answer("Stopped.", Turn.Status.STOPPED, ErrorCode.STOPPED.id()),
        List.of());
  }

  /** A limit stops the turn: what runs of it is interrupted, what is done stays done. */
  private EffectBuilder<SessionEvent, SessionState> exceed(
      SessionState state, Turn turn, Exceeded why, String answer, SessionEvent... before) {
    return end(
        state,
        turn,
        List.of(before),
        new NextStep.Answer(answer, Turn.Status.BUDGET_EXCEEDED, ErrorCode.BUDGET_EXCEEDED.id()),
        List.of(),
        Optional.of(why));
  }

  /**
   * The turn ends, whatever becomes of calls that have not.
   *
   * @param calls those that are recorded with the turn's end
   */
  private EffectBuilder<SessionEvent, SessionState> end(
      SessionState state,
      Turn turn,
      List<SessionEvent> before,
      NextStep.Answer answer,
      List<Call> calls,
      Optional<Exceeded> exceeded) {
    AgentDefinition definition = dependencies.knownDefinition(state, turn);
    List<SessionEvent> events = new ArrayList<>(before);
    events.addAll(Ledger.leave(turn, dependencies.external(state, turn), now()));
    events.addAll(
        Delegation.leave(turn, definition == null ? Map.of() : definition.agents(), now()));
    events.add(new SessionEvent.TurnFinished(
        turn.id(),
        answer.status(),
        answer.text(),
        calls,
        answer.error(),
        now(),
        lap(turn),
        exceeded));
    List<SessionEvent> all = Delegation.withWord(state, events);
    return effects.persist(all).thenRun(s -> ended(s, turn.id(), all));
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

  Effect<SessionEvent, SessionState> onTimeUp(SessionState state, TimeUp up) {
    Turn turn = state.turn(up.turn()).filter(Turn::isRunning).orElse(null);
    if (turn == null || !working.equals(turn.id())) {
      return effects.none();
    }
    try {
      Spending spending = spending(state, turn, dependencies.definition(state, turn));
      Exceeded exceeded = spending.exceeded(new Usage(0, 0, 0, 0, 0, 1)).orElse(null);
      if (exceeded != null) {
        return exceed(state, turn, exceeded, exceeded.message());
      }
      ringWhenTimeIsUp(turn, spending); // the two clocks do not agree to the millisecond
      return effects.none();
    } catch (AgentOsException noDefinition) {
      return fail(state, turn, noDefinition);
    }
  }

  /** What was worked on the turn since its last event. */
  private long unrecordedMillis(Turn turn) {
    return working.equals(turn.id())
        ? TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - recordedUntilNanos)
        : 0;
  }

  /** The same, for the event that now says so. */
  private long lap(Turn turn) {
    long millis = unrecordedMillis(turn);
    if (working.equals(turn.id())) {
      recordedUntilNanos = System.nanoTime();
    }
    return millis;
  }

  Effect<SessionEvent, SessionState> onLeaseTaken(SessionState state, LeaseTaken taken) {
    leasing.end();
    if (taken.reply() instanceof Account.Leased leased) {
      return effects
          .persist(new SessionEvent.BudgetLeased(
              leased.lease(), leased.granted(), leased.expiresAt(), now()))
          .thenRun(s -> goOn(s, working));
    }
    Turn turn = state.turn(working).filter(Turn::isRunning).orElse(null);
    if (turn == null) {
      return effects.none(); // it was stopped; the next one asks again
    }
    if (!(taken.reply() instanceof Account.Refused refused)) {
      return fail(state, turn, taken.failure());
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

  Effect<SessionEvent, SessionState> onRecall(SessionState state, Session.Recall recall) {
    List<SessionEvent> settlement = leasing.recalled(state, recall.lease(), now());
    boolean busy = leasing.isUnderWay() || !working.isEmpty();
    return busy && !settlement.isEmpty()
        ? effects.none() // a later recall finds it at rest
        : effects.persist(settlement).thenRun(s -> leasing.tellSettled(s, recall.lease()));
  }

  /**
   * The turn has ended or waits: whoever has to hear so does, and the next one is taken up.
   *
   * @param events with which it did
   */
  void ended(SessionState state, String turnId, List<SessionEvent> events) {
    Turn turn = state.turn(turnId).orElseThrow();
    if (working.equals(turnId)) {
      rest();
    }
    outbox.tell(state, events);
    traces.remove(turnId);
    listeners.tellLast(turnId, new Session.Finished(turn, turn.finishedAtVersion()));
    proceed(state);
  }

  private Context turnContext(Turn turn) {
    String trace =
        traces.computeIfAbsent(turn.id(), id -> UUID.randomUUID().toString().replace("-", ""));
    Instant deadline =
        now().plus(dependencies.turnTimeout()).minusNanos(System.nanoTime() - takenUpAtNanos);
    return new Context(key.tenant(), key.principal(), deadline, trace, Provenance.PRINCIPAL);
  }

  private Instant now() {
    return dependencies.clock().instant();
  }
}
