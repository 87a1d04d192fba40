package io.llmagentos.agent.personal;

import java.time.Instant;

/** What happens to the virtual devices at home. */
public sealed interface DeviceEvent extends PersonalEvent {
  record LightChanged(String place, Light light) implements DeviceEvent {}

  record PlugSwitched(String plug, boolean on) implements DeviceEvent {}

  record CoffeeStarted(String kind, Instant at) implements DeviceEvent {}

  record CleaningStarted(String place, Instant at) implements DeviceEvent {}

  record CleaningStopped(Instant at) implements DeviceEvent {}
}
