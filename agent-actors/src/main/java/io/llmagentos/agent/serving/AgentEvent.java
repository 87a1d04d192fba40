package io.llmagentos.agent.serving;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.llmagentos.agent.personal.PersonalEvent;
import io.llmagentos.node.journal.JournalEvent;
import io.llmagentos.node.journal.TimerChange;
import java.time.Instant;
import java.util.List;

/** What an agent's journal holds. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = AgentEvent.CallRecorded.class, name = "call_recorded"),
  @JsonSubTypes.Type(value = AgentEvent.TimerFired.class, name = "timer_fired")
})
public sealed interface AgentEvent extends JournalEvent {
  Instant at();

  List<PersonalEvent> changes();

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
}
