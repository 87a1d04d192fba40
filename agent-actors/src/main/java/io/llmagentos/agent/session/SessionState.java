package io.llmagentos.agent.session;

import io.llmagentos.agent.budget.Usage;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.journal.JournalSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What a session knows; immutable, a function of its events.
 *
 * @param version the number of events so far: the journal's sequence number
 * @param agent empty while the session is not open
 * @param turns the latest {@link #KEPT_TURNS}, of completions {@link #KEPT_COMPLETIONS}, and those that are a person's to decide, oldest first; the
 *     others stay in the journal
 * @param operator the person who has taken the session over; empty: the agent answers
 * @param usage what was spent on all its turns
 * @param lease the latest from the accounts
 * @param origin the call of another agent's that the session was opened for
 * @param handedTo the agent that goes on with the session; empty: the one that it was opened with
 */
public record SessionState(
    long version,
    String agent,
    String subject,
    Instant openedAt,
    List<Turn> turns,
    String operator,
    Usage usage,
    Lease lease,
    Optional<Origin> origin,
    String handedTo)
    implements JournalSnapshot {
  static final int KEPT_TURNS = 256;

  /** Completions bring their own past; the latest are kept to know a repeated one. More than may wait. */
  static final int KEPT_COMPLETIONS = 16;

  static final SessionState EMPTY =
      new SessionState(0, "", "", Instant.EPOCH, List.of(), "", Optional.empty(), "");

  public SessionState {
    turns = List.copyOf(turns);
    // Snapshots of version 1 have none.
    operator = Objects.requireNonNullElse(operator, "");
    usage = usage == null ? turns.stream().map(Turn::usage).reduce(Usage.NONE, Usage::plus) : usage;
    lease = Objects.requireNonNullElse(lease, Lease.NONE);
    origin = Objects.requireNonNullElse(origin, Optional.empty());
    handedTo = Objects.requireNonNullElse(handedTo, "");
  }

  private SessionState(
      long version,
      String agent,
      String subject,
      Instant openedAt,
      List<Turn> turns,
      String operator,
      Optional<Origin> origin,
      String handedTo) {
    this(
        version,
        agent,
        subject,
        openedAt,
        turns,
        operator,
        Usage.NONE,
        Lease.NONE,
        origin,
        handedTo);
  }

  /** The agent that goes on with the session. */
  String serving() {
    return handedTo.isEmpty() ? agent : handedTo;
  }

  /** The agent whose turn it is: one that it began with, whoever the session was handed to since. */
  String serving(Turn turn) {
    return turn.agent().isEmpty() ? agent : turn.agent();
  }

  boolean isOpen() {
    return !agent.isEmpty();
  }

  Optional<Turn> turn(String id) {
    return turns.reversed().stream().filter(turn -> turn.id().equals(id)).findFirst();
  }

  /** The turn that is worked on: the oldest that runs. */
  Optional<Turn> current() {
    return turns.stream().filter(Turn::isRunning).findFirst();
  }

  long running() {
    return turns.stream().filter(Turn::isRunning).count();
  }

  /** Turns that wait for a person. */
  long waiting() {
    return turns.stream().filter(Turn::isWaiting).count();
  }

  Optional<Turn> latestWaiting() {
    return turns.reversed().stream().filter(Turn::isWaiting).findFirst();
  }

  /** The turns that wait for the operator's answer and for nothing else. */
  List<String> awaitingAnswer() {
    return turns.stream()
        .filter(turn -> turn.isWaiting() && turn.calls().stream().noneMatch(Call::waits))
        .map(Turn::id)
        .toList();
  }

  /** The turn that a client asks for again when it says this: one that said the same and runs or waits, or ended less than the window ago. */
  Optional<Turn> repeated(
      List<Message> history, List<ContentPart> content, Instant now, Duration window) {
    return turns.reversed().stream()
        .filter(turn -> turn.isCompletionOf(history, content))
        .filter(turn -> !turn.hasEnded() || now.isBefore(turn.finishedAt().plus(window)))
        .findFirst();
  }

  /** As many of the latest turns as have so many characters together, at least one. */
  List<Turn> latest(long most) {
    int from = turns.size();
    long characters = 0;
    while (from > 0 && characters < most) {
      from--;
      characters += turns.get(from).characters();
    }
    boolean tooMany = characters > most && from < turns.size() - 1;
    return turns.subList(tooMany ? from + 1 : from, turns.size());
  }

  /** Whether something still waits for a durable timer, or is going to clear it. */
  boolean waitsFor(String timer) {
    return timer.startsWith("turn/")
        || turns.stream()
            .anyMatch(turn -> timer.equals(SessionEvent.endTimer(turn.id()))
                || turn.calls().stream().anyMatch(call -> waitsFor(timer, turn, call)));
  }

  private static boolean waitsFor(String timer, Turn turn, Call call) {
    return timer.equals(SessionEvent.stopTimer(turn.id(), call.number()))
        || timer.equals(SessionEvent.pendingTimer(turn.id(), call.number()))
        || (timer.equals(SessionEvent.approvalTimer(turn.id(), call.number()))
            && !turn.hasEnded()
            && call.status() == Call.Status.AWAITING_APPROVAL);
  }

  SessionState apply(SessionEvent event) {
    SessionState changed = changed(event);
    Spending.Spent spent = Spending.of(event, this);
    List<Turn> changedTurns = spent.usage().equals(Usage.NONE)
        ? changed.turns
        : changed.turns.stream()
            .map(turn -> turn.id().equals(spent.turn()) ? turn.spent(spent.usage()) : turn)
            .toList();
    return new SessionState(
        changed.version,
        changed.agent,
        changed.subject,
        changed.openedAt,
        changedTurns,
        changed.operator,
        usage.plus(spent.usage()),
        lease.apply(event, usage),
        changed.origin,
        changed.handedTo);
  }

  private SessionState changed(SessionEvent event) {
    long next = version + 1;
    return switch (event) {
      case SessionEvent.SessionOpened opened ->
        new SessionState(
            next,
            opened.agent(),
            opened.subject(),
            opened.at(),
            turns,
            operator,
            opened.origin(),
            handedTo);
      case SessionEvent.TurnAccepted accepted ->
        with(next, kept(KEPT_TURNS, Turn.accepted(accepted, next).of(handedTo)));
      case SessionEvent.CompletionAccepted accepted ->
        new SessionState(
            next,
            accepted.agent(),
            accepted.subject(),
            isOpen() ? openedAt : accepted.at(),
            kept(KEPT_COMPLETIONS, Turn.accepted(accepted, next)),
            operator,
            origin,
            handedTo);
      case SessionEvent.ModelReplied replied ->
        withTurn(next, replied.turn(), turn -> turn.replied(replied.reply()));
      case SessionEvent.ApprovalRequested asked ->
        withTurn(
            next,
            asked.turn(),
            turn ->
                turn.with(Call.planned(asked.key(), asked.call(), asked.tool(), asked.arguments())
                    .awaiting(asked.expiresAt())));
      case SessionEvent.CallStarted started ->
        withTurn(
            next,
            started.turn(),
            turn -> turn.with(turn.call(started.call())
                .orElse(Call.planned(
                    started.key(), started.call(), started.tool(), started.arguments()))
                .started()));
      case SessionEvent.CallEnded ended ->
        withTurn(
            next,
            ended.turn(),
            turn -> turn.with(turn.call(ended.call())
                .orElse(Call.planned(ended.key(), ended.call(), ended.tool(), ended.arguments()))
                .ended(ended.status(), ended.text(), ended.structured(), ended.error())));
      case SessionEvent.CallUnknown unknown ->
        withCall(next, unknown.turn(), unknown.call(), call -> call.unknown(unknown.reason()));
      case SessionEvent.CallDecided decided -> {
        SessionState known = withCall(
            next, decided.turn(), decided.call(), call -> call.decided(decided.decision()));
        yield decided.resumes() ? known.withTurn(next, decided.turn(), Turn::resumed) : known;
      }
      case SessionEvent.TurnSuspended suspended ->
        withTurn(next, suspended.turn(), turn -> turn.waiting(suspended, next));
      case SessionEvent.TurnFinished finished ->
        withTurn(next, finished.turn(), turn -> turn.finished(finished, next));
      case SessionEvent.FeedbackGiven given ->
        withTurn(next, given.turn(), turn -> turn.rated(given.feedback()));
      case SessionEvent.SessionTakenOver taken ->
        new SessionState(next, agent, subject, openedAt, turns, taken.by(), origin, handedTo);
      case SessionEvent.SessionReleased released ->
        new SessionState(
            next,
            agent,
            subject,
            openedAt,
            turns.stream()
                .map(turn -> released.turns().contains(turn.id()) ? turn.resumed() : turn)
                .toList(),
            "",
            origin,
            handedTo);
      case SessionEvent.PlanMade made ->
        withTurn(next, made.turn(), turn -> turn.planned(made.plan()));
      case SessionEvent.CallPending pending ->
        withCall(next, pending.turn(), pending.call(), call -> call.pending(pending.text()));
      case SessionEvent.CallTakenUp up -> {
        SessionState known = withCall(
            next,
            up.turn(),
            up.call(),
            call -> call.status() == Call.Status.PENDING ? call.started() : call);
        yield up.resumes() ? known.withTurn(next, up.turn(), Turn::resumed) : known;
      }
      case SessionEvent.SessionHandedOff off ->
        new SessionState(
            next,
            agent,
            subject,
            openedAt,
            turns.stream()
                .map(turn -> isNext(turn, off.turn()) ? turn.of(off.agent()) : turn)
                .toList(),
            operator,
            origin,
            off.agent().equals(agent) ? "" : off.agent());
      case SessionEvent.BudgetLeased leased -> with(next, turns);
      case SessionEvent.LeaseSettled settled -> with(next, turns);
      case SessionEvent.EndToTell end -> with(next, turns);
      case SessionEvent.StopToTell stop -> with(next, turns);
      case SessionEvent.TimerDone done -> with(next, turns);
    };
  }

  /** Whether a turn waits for another to end. */
  private static boolean isNext(Turn turn, String current) {
    return turn.isRunning() && turn.replies().isEmpty() && !turn.id().equals(current);
  }

  private List<Turn> kept(int most, Turn added) {
    List<Turn> all = new ArrayList<>(turns);
    all.add(added);
    if (all.size() > most) {
      turns.stream()
          .filter(turn -> turn.hasEnded() && !turn.concernsAPerson())
          .findFirst()
          .ifPresent(all::remove);
    }
    return all;
  }

  private SessionState withCall(long next, String turnId, int number, UnaryOperator<Call> change) {
    return withTurn(
        next,
        turnId,
        turn -> turn.call(number).map(call -> turn.with(change.apply(call))).orElse(turn));
  }

  private SessionState withTurn(long next, String id, UnaryOperator<Turn> change) {
    return with(
        next,
        turns.stream()
            .map(turn -> turn.id().equals(id) ? change.apply(turn) : turn)
            .toList());
  }

  private SessionState with(long next, List<Turn> changed) {
    return new SessionState(next, agent, subject, openedAt, changed, operator, origin, handedTo);
  }
}
