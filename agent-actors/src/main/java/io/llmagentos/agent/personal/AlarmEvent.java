package io.llmagentos.agent.personal;

import io.llmagentos.node.journal.TimerChange;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happens to alarms. */
public sealed interface AlarmEvent extends PersonalEvent {
  record AlarmSet(Alarm alarm) implements AlarmEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Set(alarm.timer(), alarm.due()));
    }
  }

  record AlarmRemoved(String id) implements AlarmEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared("alarm/" + id));
    }
  }

  /**
   * An alarm rang at {@code at}, having been due at {@code due}.
   *
   * @param alarm as it was when it rang
   * @param next when it rings again; null: never, and it is gone
   */
  record AlarmRang(
      String id,
      Instant due,
      Instant at,
      Alarm alarm,
      @Nullable Instant next) implements AlarmEvent {
    private static final Duration ON_TIME = Duration.ofMinutes(1);

    @Override
    public List<TimerChange> timerChanges() {
      return List.of(
          next == null
              ? new TimerChange.Cleared(alarm.timer())
              : new TimerChange.Set(alarm.timer(), next));
    }

    /** Such as "Alarm: 9:00 AM, Friday 27 November (40 minutes late: the node was down)". */
    public String sentence() {
      String what = alarm.label().isEmpty() ? "" : ", " + alarm.label();
      Duration late = Duration.between(due, at);
      String delay = late.compareTo(ON_TIME) < 0
          ? ""
          : " (" + Say.duration(late) + " late: the node was down)";
      return "Alarm: " + Say.time(due.atZone(alarm.zone()).toLocalTime()) + ", "
          + Say.day(due.atZone(alarm.zone()).toLocalDate()) + what + delay;
    }
  }
}
