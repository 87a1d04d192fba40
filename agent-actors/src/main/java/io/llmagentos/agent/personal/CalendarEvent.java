package io.llmagentos.agent.personal;

/** What happens to the calendar. */
public sealed interface CalendarEvent extends PersonalEvent {
  record EntryAdded(CalendarEntry entry) implements CalendarEvent {}

  record EntryRemoved(String id) implements CalendarEvent {}
}
