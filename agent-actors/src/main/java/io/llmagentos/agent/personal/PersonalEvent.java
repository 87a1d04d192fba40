package io.llmagentos.agent.personal;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.llmagentos.node.journal.TimerChange;
import java.util.List;

/** A change to what an agent keeps for its principal. The type names are in journals: never change one. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = AlarmEvent.AlarmSet.class, name = "alarm-set"),
  @JsonSubTypes.Type(value = AlarmEvent.AlarmRemoved.class, name = "alarm-removed"),
  @JsonSubTypes.Type(value = AlarmEvent.AlarmRang.class, name = "alarm-rang"),
  @JsonSubTypes.Type(value = CalendarEvent.EntryAdded.class, name = "calendar-added"),
  @JsonSubTypes.Type(value = CalendarEvent.EntryRemoved.class, name = "calendar-removed"),
  @JsonSubTypes.Type(value = ListEvent.ListCreated.class, name = "list-created"),
  @JsonSubTypes.Type(value = ListEvent.ItemAdded.class, name = "list-item-added"),
  @JsonSubTypes.Type(value = ListEvent.ItemRemoved.class, name = "list-item-removed"),
  @JsonSubTypes.Type(value = ListEvent.ListRemoved.class, name = "list-removed"),
  @JsonSubTypes.Type(value = DeviceEvent.LightChanged.class, name = "light-changed"),
  @JsonSubTypes.Type(value = DeviceEvent.PlugSwitched.class, name = "plug-switched"),
  @JsonSubTypes.Type(value = DeviceEvent.CoffeeStarted.class, name = "coffee-started"),
  @JsonSubTypes.Type(value = DeviceEvent.CleaningStarted.class, name = "cleaning-started"),
  @JsonSubTypes.Type(value = DeviceEvent.CleaningStopped.class, name = "cleaning-stopped")
})
public sealed interface PersonalEvent permits AlarmEvent, CalendarEvent, ListEvent, DeviceEvent {
  /** What this event does to the durable timers of the agent that persists it. */
  @JsonIgnore
  default List<TimerChange> timerChanges() {
    return List.of();
  }
}
