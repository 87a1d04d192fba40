package io.llmagentos.node.journal;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;

/**
 * A persisted event. Stored as JSON (Jackson): implementations are records under a sealed interface with {@code @JsonTypeInfo} names;
 * fields may be added with defaults, never renamed. The bytes outlive the code.
 */
public interface JournalEvent {
  /** What this event changes in the table of due timers. */
  @JsonIgnore
  default List<TimerChange> timerChanges() {
    return List.of();
  }
}
