package io.llmagentos.agent.personal;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A principal who says things, and what is kept for them. It is Monday 23 November 2026, 8 PM in Berlin, until {@link #at}. */
final class Assistant {
  static final Map<String, PersonalTool> TOOLS = PersonalTools.standard().stream()
      .collect(Collectors.toMap(tool -> tool.specification().name(), Function.identity()));
  PersonalState state = PersonalState.EMPTY;
  ZonedDateTime now = ZonedDateTime.parse("2026-11-23T20:00:00+01:00[Europe/Berlin]");
  ToolOutcome last = ToolOutcome.answer("");
  private int calls;

  Assistant at(String moment) {
    now = ZonedDateTime.parse(moment);
    return this;
  }

  /** Calls a tool with slots "name=value"; a name given twice makes a list. Returns the answer. */
  String say(String request, String tool, String... slots) {
    ObjectNode json = new ObjectMapper().createObjectNode();
    for (String slot : slots) {
      String[] pair = slot.split("=", 2);
      if (json.has(pair[0])) {
        String first = json.get(pair[0]).asText();
        json.putArray(pair[0]).add(first).add(pair[1]);
      } else {
        json.put(pair[0], pair[1]);
      }
    }
    try {
      last = Objects.requireNonNull(TOOLS.get(tool), tool)
          .call(new ToolArguments(json), new ToolContext(state, now, "call-" + calls++, request));
    } catch (ToolException e) {
      last = ToolOutcome.answer(String.valueOf(e.getMessage()));
    }
    for (PersonalEvent event : last.events()) {
      state = state.apply(event);
    }
    return last.answer();
  }
}
