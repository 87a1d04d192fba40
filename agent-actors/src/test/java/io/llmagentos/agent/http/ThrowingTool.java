package io.llmagentos.agent.http;

import io.llmagentos.agent.personal.PersonalTool;
import io.llmagentos.agent.personal.ToolArguments;
import io.llmagentos.agent.personal.ToolContext;
import io.llmagentos.agent.personal.ToolOutcome;
import io.llmagentos.model.chat.ToolSpecification;

/** Has a bug. */
public final class ThrowingTool implements PersonalTool {
  @Override
  public ToolSpecification specification() {
    return new ToolSpecification("throw_up", "Throw.", "{\"type\":\"object\"}");
  }

  @Override
  public ToolOutcome call(ToolArguments arguments, ToolContext context) {
    throw new IllegalStateException("a bug in a tool, as the test wants it");
  }
}
