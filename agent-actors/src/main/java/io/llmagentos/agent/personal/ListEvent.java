package io.llmagentos.agent.personal;

/** What happens to lists. */
public sealed interface ListEvent extends PersonalEvent {
  record ListCreated(String list) implements ListEvent {}

  record ItemAdded(String list, String item) implements ListEvent {}

  record ItemRemoved(String list, String item) implements ListEvent {}

  record ListRemoved(String list) implements ListEvent {}
}
