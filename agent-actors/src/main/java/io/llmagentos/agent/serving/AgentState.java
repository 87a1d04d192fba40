package io.llmagentos.agent.serving;

import io.llmagentos.agent.personal.PersonalState;
import io.llmagentos.node.journal.JournalSnapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an agent knows of its subject; immutable, a function of its events.
 *
 * @param version the number of events so far
 * @param calls the latest {@link #KEPT_CALLS}, by which a repeated call is known
 * @param notices the latest {@link #KEPT_NOTICES}
 */
public record AgentState(
    long version, PersonalState personal, List<RecordedCall> calls, List<Notice> notices)
    implements JournalSnapshot {
  static final int KEPT_CALLS = 512;
  static final int KEPT_NOTICES = 64;
  static final AgentState EMPTY = new AgentState(0, PersonalState.EMPTY, List.of(), List.of());

  /** A call that had its effect. */
  public record RecordedCall(String key, String answer) {}

  /** Something to show without being asked, such as an alarm that rings. */
  public record Notice(long id, String kind, String text, Instant at) {}

  public AgentState {
    calls = List.copyOf(calls);
    notices = List.copyOf(notices);
  }

  Optional<String> answerOf(String callKey) {
    return calls.reversed().stream()
        .filter(call -> call.key().equals(callKey))
        .map(RecordedCall::answer)
        .findFirst();
  }

  AgentState apply(AgentEvent event) {
    long next = version + 1;
    PersonalState changed = personal;
    for (var change : event.changes()) {
      changed = changed.apply(change);
    }
    return switch (event) {
      case AgentEvent.CallRecorded recorded ->
        new AgentState(
            next,
            changed,
            append(calls, new RecordedCall(recorded.callKey(), recorded.answer()), KEPT_CALLS),
            notices);
      case AgentEvent.TimerFired fired ->
        new AgentState(
            next,
            changed,
            calls,
            fired.notice().isEmpty()
                ? notices
                : append(
                    notices,
                    new Notice(next, "alarm_rang", fired.notice(), fired.at()),
                    KEPT_NOTICES));
    };
  }

  private static <T> List<T> append(List<T> list, T item, int most) {
    List<T> all = new ArrayList<>(list);
    all.add(item);
    return all.size() > most ? all.subList(all.size() - most, all.size()) : all;
  }
}
