package io.llmagentos.agent.serving;

import io.llmagentos.agent.personal.PersonalState;
import io.llmagentos.agent.schedule.Schedules;
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
 * @param schedules and what they and events have woken the agent for
 */
public record AgentState(
    long version,
    PersonalState personal,
    List<RecordedCall> calls,
    List<Notice> notices,
    Schedules schedules)
    implements JournalSnapshot {
  static final int KEPT_CALLS = 512;
  static final int KEPT_NOTICES = 64;
  static final AgentState EMPTY =
      new AgentState(0, PersonalState.EMPTY, List.of(), List.of(), Schedules.NONE);

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
            notices,
            schedules);
      case AgentEvent.TimerFired fired ->
        new AgentState(
            next,
            changed,
            calls,
            noticed(next, "alarm_rang", fired.notice(), fired.at()),
            schedules);
      case AgentEvent.ScheduleSet set ->
        new AgentState(next, changed, calls, notices, schedules.with(set.schedule(), set.next()));
      case AgentEvent.ScheduleRemoved removed ->
        new AgentState(next, changed, calls, notices, schedules.without(removed.id()));
      case AgentEvent.Woken woken ->
        new AgentState(
            next,
            changed,
            calls,
            noticed(next, "schedule_late", woken.notice(), woken.at()),
            schedules.with(woken.wake(), woken.next()));
      case AgentEvent.WakeEnded ended ->
        new AgentState(
            next,
            changed,
            calls,
            noticed(next, "wake_failed", ended.notice(), ended.at()),
            schedules.withEnd(ended.turn(), ended.error()));
    };
  }

  private List<Notice> noticed(long id, String kind, String text, Instant at) {
    return text.isEmpty() ? notices : append(notices, new Notice(id, kind, text, at), KEPT_NOTICES);
  }

  private static <T> List<T> append(List<T> list, T item, int most) {
    List<T> all = new ArrayList<>(list);
    all.add(item);
    return all.size() > most ? all.subList(all.size() - most, all.size()) : all;
  }
}
