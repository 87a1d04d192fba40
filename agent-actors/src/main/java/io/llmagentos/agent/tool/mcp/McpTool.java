package io.llmagentos.agent.tool.mcp;

import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolNames;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * A tool of an MCP server.
 *
 * @param remoteName as the server calls it
 */
record McpTool(
    McpServer server,
    String remoteName,
    ToolSpecification specification,
    ToolTraits traits,
    String outputSchema)
    implements Tool {
  static McpTool of(McpServer server, McpServerSettings settings, McpSchema.Tool tool) {
    McpSchema.ToolAnnotations hints = settings.trustHints() ? tool.annotations() : null;
    boolean readOnly = hints != null && Boolean.TRUE.equals(hints.readOnlyHint());
    boolean idempotent = hints != null && Boolean.TRUE.equals(hints.idempotentHint());
    return new McpTool(
        server,
        tool.name(),
        new ToolSpecification(
            ToolNames.of(settings.name(), tool.name()),
            tool.description() == null ? "" : tool.description(),
            json(tool.inputSchema())),
        new ToolTraits(
            readOnly, readOnly || idempotent, false, settings.timeout(), settings.maxConcurrent()),
        tool.outputSchema() == null ? "" : json(tool.outputSchema()));
  }

  @Override
  public ToolResult call(ToolRequest request) throws Exception {
    return server.call(remoteName, request);
  }

  static String json(@Nullable Object value) {
    try {
      return McpJsonDefaults.getMapper().writeValueAsString(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
