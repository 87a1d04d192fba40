package io.llmagentos.agent.tool;

import io.llmagentos.model.chat.ToolSpecification;
import java.io.IOException;

/**
 * A tool whose source is not there: its calls are refused.
 *
 * @param why as the principal is told
 */
public record AbsentTool(String name, String why) implements Tool {
  @Override
  public ToolSpecification specification() {
    return new ToolSpecification(name, "Not available: " + why, "{\"type\":\"object\"}");
  }

  @Override
  public ToolTraits traits() {
    return ToolTraits.EFFECT;
  }

  @Override
  public ToolResult call(ToolRequest request) {
    throw new ToolRefusal(why, new IOException(why));
  }
}
