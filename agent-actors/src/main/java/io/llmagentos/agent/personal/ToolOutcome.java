package io.llmagentos.agent.personal;

import java.util.List;

/**
 * What a call did.
 *
 * @param events in order; empty when nothing changed
 * @param answer the sentence for the principal, in plain English, true without any further model
 */
public record ToolOutcome(List<PersonalEvent> events, String answer) {
  public ToolOutcome {
    events = List.copyOf(events);
  }

  public static ToolOutcome answer(String answer) {
    return new ToolOutcome(List.of(), answer);
  }
}
