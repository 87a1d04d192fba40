package io.llmagentos.agent.http;

import io.llmagentos.agent.personal.PersonalTool;
import io.llmagentos.agent.personal.ToolArguments;
import io.llmagentos.agent.personal.ToolContext;
import io.llmagentos.agent.personal.ToolOutcome;
import io.llmagentos.model.chat.ToolSpecification;
import java.util.concurrent.CountDownLatch;

/** Never returns. */
public final class HangingTool implements PersonalTool {
  @Override
  public ToolSpecification specification() {
    return new ToolSpecification("hang", "Hang.", "{\"type\":\"object\"}");
  }

  @Override
  public ToolOutcome call(ToolArguments arguments, ToolContext context) {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return ToolOutcome.answer("never said");
  }
}
