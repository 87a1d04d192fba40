package io.llmagentos.agent.tool.mcp;

import io.llmagentos.agent.tool.ToolResult;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.stream.Collectors;

/** Results of MCP as results of tools: text is kept, what is not text is named. */
final class McpResults {
  private McpResults() {}

  static ToolResult read(McpSchema.CallToolResult result) {
    String structured =
        result.structuredContent() == null ? "" : McpTool.json(result.structuredContent());
    String text = result.content() == null
        ? ""
        : result.content().stream().map(McpResults::text).collect(Collectors.joining("\n"));
    return new ToolResult(
        text.isEmpty() ? structured : text, structured, Boolean.TRUE.equals(result.isError()));
  }

  private static String text(McpSchema.Content content) {
    return switch (content) {
      case McpSchema.TextContent text -> text.text();
      case McpSchema.ResourceLink link -> link.name() + ": " + link.uri();
      case McpSchema.EmbeddedResource embedded -> resource(embedded.resource());
      default -> "[not shown: content of type " + content.type() + "]";
    };
  }

  private static String resource(McpSchema.ResourceContents contents) {
    return contents instanceof McpSchema.TextResourceContents text
        ? text.text()
        : "[not shown: resource " + contents.uri() + "]";
  }
}
