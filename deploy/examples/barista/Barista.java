package examples.barista;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import java.io.IOException;

/** A tool of one's own: makes coffee. */
public final class Barista implements Tool {
  @Override
  public ToolSpecification specification() {
    return new ToolSpecification("make_coffee", "Make a coffee.", """
        {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}""");
  }

  @Override
  public ToolTraits traits() {
    return ToolTraits.EFFECT;
  }

  @Override
  public ToolResult call(ToolRequest request) throws IOException {
    String kind = new ObjectMapper().readTree(request.arguments()).path("kind").asText();
    return ToolResult.text("One " + kind + ", here you are.");
  }
}
