package io.llmagentos.agent.http;

import io.llmagentos.agent.tool.mcp.McpServer;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.http.Api;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.Optional;
import java.util.UUID;

/**
 * Who calls a tool of this server.
 *
 * @param requestKey the request's {@code Idempotency-Key}
 */
record McpCaller(Context context, Optional<String> requestKey) {
  private static final int ID_LENGTH = 40;

  /** Under which the call is one, however often it is made: of its {@code _meta}, else of its request, else a new one. */
  String key(McpSchema.CallToolRequest call) {
    return call.meta() != null && call.meta().get(McpServer.IDEMPOTENCY_KEY) instanceof String given
        ? given
        : requestKey
            .filter(key -> !key.isEmpty())
            .orElseGet(() -> UUID.randomUUID().toString());
  }

  /** A hash: keys may be of any length, and of any characters. */
  static String id(String key) {
    return Api.sha256(key).substring(0, ID_LENGTH);
  }

  static McpSchema.CallToolResult refused(AgentOsException refusal) {
    return McpSchema.CallToolResult.builder()
        .addTextContent(refusal.code().id() + ": " + refusal.getMessage())
        .isError(true)
        .build();
  }
}
