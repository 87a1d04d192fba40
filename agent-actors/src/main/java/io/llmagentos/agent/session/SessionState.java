package io.llmagentos.agent.session;

import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.journal.JournalSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a session knows; immutable, a function of its events.
 *
 * @param version the number of events so far: the journal's sequence number
 * @param agent empty while the session is not open
 * @param turns the latest {@link #KEPT_TURNS}, of completions {@link #KEPT_COMPLETIONS}, oldest first; older ones stay in the journal
 */
public record SessionState(
    long version, String agent, String subject, Instant openedAt, List<Turn> turns)
    implements JournalSnapshot {
  static final int KEPT_TURNS = 256;

  /** Completions bring their own past; the latest are kept to know a repeated one. More than may wait. */
  static final int KEPT_COMPLETIONS = 16;

  static final SessionState EMPTY = new SessionState(0, "", "", Instant.EPOCH, List.of());

  public SessionState {
    turns = List.copyOf(turns);
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

  /** The turn that a client asks for again when it says this: one that said the same and runs, or ended less than the window ago. */
  Optional<Turn> repeated(
      List<Message> history, List<ContentPart> content, Instant now, Duration window) {
    return turns.reversed().stream()
        .filter(turn -> turn.isCompletionOf(history, content))
        .filter(turn -> turn.isRunning() || now.isBefore(turn.finishedAt().plus(window)))
        .findFirst();
  }

  SessionState apply(SessionEvent event) {
    long next = version + 1;
    return switch (event) {
      case SessionEvent.SessionOpened opened ->
        new SessionState(next, opened.agent(), opened.subject(), opened.at(), turns);
      case SessionEvent.TurnAccepted accepted ->
        new SessionState(
            next, agent, subject, openedAt, with(KEPT_TURNS, Turn.accepted(accepted, next)));
      case SessionEvent.CompletionAccepted accepted ->
        new SessionState(
            next,
            accepted.agent(),
            accepted.subject(),
            isOpen() ? openedAt : accepted.at(),
            with(KEPT_COMPLETIONS, Turn.accepted(accepted, next)));
      case SessionEvent.ModelReplied replied ->
        withTurn(next, replied.turn(), turn -> turn.replied(replied.reply()));
      case SessionEvent.TurnFinished finished ->
        withTurn(next, finished.turn(), turn -> turn.finished(finished, next));
    };
  }

  private List<Turn> with(int kept, Turn turn) {
    List<Turn> all = new ArrayList<>(turns);
    all.add(turn);
    if (all.size() > kept) {
      all.removeFirst();
    }
    return all;
  }

  private SessionState withTurn(
      long next, String id, java.util.function.UnaryOperator<Turn> change) {
    return new SessionState(
        next,
        agent,
        subject,
        openedAt,
        turns.stream()
            .map(turn -> turn.id().equals(id) ? change.apply(turn) : turn)
            .toList());
  }
}
