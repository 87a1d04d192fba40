package io.llmagentos.agent.personal;

import java.util.List;

/** A list with its items, oldest first. */
public record NamedList(String name, List<String> items) {
  public NamedList {
    items = List.copyOf(items);
  }
}
