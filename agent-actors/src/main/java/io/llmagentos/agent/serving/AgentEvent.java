package io.llmagentos.agent.serving;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.llmagentos.agent.personal.PersonalEvent;
import io.llmagentos.agent.schedule.Occurrence;
import io.llmagentos.agent.schedule.Schedule;
import io.llmagentos.node.journal.JournalEvent;
import io.llmagentos.node.journal.TimerChange;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an agent's journal holds. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = AgentEvent.CallRecorded.class, name = "call_recorded"),
  @JsonSubTypes.Type(value = AgentEvent.TimerFired.class, name = "timer_fired"),
  @JsonSubTypes.Type(value = AgentEvent.ScheduleSet.class, name = "schedule_set"),
  @JsonSubTypes.Type(value = AgentEvent.ScheduleRemoved.class, name = "schedule_removed"),
  @JsonSubTypes.Type(value = AgentEvent.Woken.class, name = "woken"),
  @JsonSubTypes.Type(value = AgentEvent.WakeEnded.class, name = "wake_ended")
})
public sealed interface AgentEvent extends JournalEvent {
  /** A wake that is not known to have become a turn by then is tried again, wherever its agent then lives. */
  Duration AGAIN_AFTER = Duration.ofSeconds(5);

  Instant at();

  /** What it changes of the subject's things. */
  default List<PersonalEvent> changes() {
    return List.of();
  }

  /** The durable timer of a schedule. */
  static String scheduleTimer(String id) {
    return "schedule/" + id;
  }

  /** The durable timer of a wake, until it has become a turn. */
  static String wakeTimer(String turn) {
    return "wake/" + turn;
  }

  @Override
  default List<TimerChange> timerChanges() {
    return changes().stream().flatMap(change -> change.timerChanges().stream()).toList();
  }

  /** A tool call and all it changed, in one event: the call has its effect once, however often it is asked for. */
  record CallRecorded(
      String callKey,
      String tool,
      String arguments,
      List<PersonalEvent> changes,
      String answer,
      Instant at)
      implements AgentEvent {}

  /**
   * A durable timer fell due.
   *
   * @param notice what open chats show; empty: nothing
   */
  record TimerFired(String timer, List<PersonalEvent> changes, String notice, Instant at)
      implements AgentEvent {
    /** Whatever the changes say, the timer that fired is done unless they set it again. */
    @Override
    public List<TimerChange> timerChanges() {
      List<TimerChange> changed = AgentEvent.super.timerChanges();
      return changed.stream().anyMatch(change -> change.timer().equals(timer))
          ? changed
          : List.of(new TimerChange.Cleared(timer));
    }
  }

  /** @param next when it is due first */
  record ScheduleSet(Schedule schedule, Instant next, Instant at) implements AgentEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Set(scheduleTimer(schedule.id()), next));
    }
  }

  record ScheduleRemoved(String id, Instant at) implements AgentEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared(scheduleTimer(id)));
    }
  }

  /**
   * A schedule was due, or an event came: recorded once, and then made a turn.
   *
   * @param next when the schedule is due again; null: never, or there is none
   * @param notice what open chats show; empty: nothing
   */
  record Woken(Occurrence wake, @Nullable Instant next, String notice, Instant at)
      implements AgentEvent {
    @Override
    public List<TimerChange> timerChanges() {
      TimerChange again = new TimerChange.Set(wakeTimer(wake.turn()), at.plus(AGAIN_AFTER));
      if (wake.schedule().isEmpty()) {
        return List.of(again);
      }
      String timer = scheduleTimer(wake.schedule());
      return List.of(
          again, next == null ? new TimerChange.Cleared(timer) : new TimerChange.Set(timer, next));
    }
  }

  /**
   * A wake has become a turn, or cannot.
   *
   * @param error the error's code if it cannot; else empty
   * @param notice what open chats show; empty: nothing
   */
  record WakeEnded(String turn, String error, String notice, Instant at) implements AgentEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared(wakeTimer(turn)));
    }
  }
}
