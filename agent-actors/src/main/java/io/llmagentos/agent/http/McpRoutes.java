package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.definition.AgentDefinitions;
import io.llmagentos.agent.definition.OfferedTools;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.Node;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServer.StatelessAsyncSpecification;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.HttpHeaders;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The platform as an MCP server over streamable HTTP, {@code POST /mcp}: its agents as tools, and those of its own tools that a setting names. Without sessions of the protocol, so that every node
 * answers every request; what is said goes on in sessions of the platform.
 */
public final class McpRoutes extends Api {
  private static final String CALLER = "caller";

  private final AgentDefinitions agents;
  private final OfferedTools offered;
  private final AgentTools agentTools;
  private final BareTools bareTools;
  private volatile @Nullable Served served;

  /** The server for the tools that were offered when it was made. */
  private record Served(AgentDefinition tools, Door door) {}

  public McpRoutes(Node node) {
    super(node);
    this.agents = node.service(AgentDefinitions.class);
    this.offered = node.service(OfferedTools.class);
    this.agentTools = new AgentTools(node);
    this.bareTools = new BareTools(node);
  }

  public Route route() {
    return path(
        "mcp",
        () -> post(() -> withContext(context -> optionalHeaderValueByName(
            HttpHeaders.PROTOCOL_VERSION,
            revision -> optionalHeaderValueByName(
                "Idempotency-Key",
                key -> withJson(body ->
                    completeLater(door().answer(new McpCaller(context, key), revision, body))))))));
  }

  /** Another one whenever the tools have changed. */
  private Door door() {
    AgentDefinition tools = offered.definition();
    Served last = served;
    if (last == null || !last.tools().equals(tools)) {
      last = new Served(tools, serve(tools));
      served = last;
    }
    return last.door();
  }

  private Door serve(AgentDefinition tools) {
    Door door = new Door();
    StatelessAsyncSpecification server = McpServer.async(door)
        .serverInfo("llmagentos", "0.1.0")
        .capabilities(McpSchema.ServerCapabilities.builder().tools(false).build())
        .strictToolNameValidation(false);
    Set<String> names = new HashSet<>();
    for (AgentDefinition agent : agents.all()) {
      names.add(AgentDefinition.asking(agent.name()));
      server.toolCall(
          AgentTools.describe(agent),
          (transport, call) -> agentTools.call(agent, (McpCaller) transport.get(CALLER), call));
    }
    for (ToolSpecification tool : tools.tools()) {
      if (names.add(tool.name())) {
        server.toolCall(
            BareTools.describe(tool, tools.external().getOrDefault(tool.name(), ToolTraits.EFFECT)),
            (transport, call) -> bareTools.call((McpCaller) transport.get(CALLER), call));
      }
    }
    server.build();
    return door;
  }

  /** Between the door and the library that speaks the protocol. */
  private static final class Door implements McpStatelessServerTransport {
    private @Nullable McpStatelessServerHandler handler;

    @Override
    public void setMcpHandler(McpStatelessServerHandler mcpHandler) {
      handler = mcpHandler;
    }

    @Override
    public Mono<Void> closeGracefully() {
      return Mono.empty();
    }

    CompletionStage<HttpResponse> answer(
        McpCaller caller, Optional<String> revision, JsonNode body) {
      revision.filter(each -> !protocolVersions().contains(each)).ifPresent(each -> {
        throw new AgentOsException(
            ErrorCode.INVALID_REQUEST,
            "MCP's revision '" + each + "' is not spoken here, but " + protocolVersions(),
            HttpHeaders.PROTOCOL_VERSION);
      });
      McpStatelessServerHandler known = Objects.requireNonNull(handler, "set");
      McpTransportContext transport = McpTransportContext.create(Map.of(CALLER, caller));
      return switch (message(body)) {
        case McpSchema.JSONRPCRequest request ->
          known.handleRequest(transport, request).map(Door::response).toFuture();
        case McpSchema.JSONRPCNotification notification ->
          known
              .handleNotification(transport, notification)
              .thenReturn(HttpResponse.create().withStatus(StatusCodes.ACCEPTED))
              .toFuture();
        default ->
          throw new AgentOsException(
              ErrorCode.INVALID_REQUEST, "this server asks nothing that could be answered");
      };
    }

    private static McpSchema.JSONRPCMessage message(JsonNode body) {
      try {
        return McpSchema.deserializeJsonRpcMessage(McpJsonDefaults.getMapper(), body.toString());
      } catch (IOException | IllegalArgumentException e) {
        throw new AgentOsException(
            ErrorCode.INVALID_REQUEST, "the body is no message of JSON-RPC 2.0", null, e);
      }
    }

    private static HttpResponse response(McpSchema.JSONRPCResponse response) {
      try {
        return HttpResponse.create()
            .withEntity(
                ContentTypes.APPLICATION_JSON,
                McpJsonDefaults.getMapper().writeValueAsBytes(response));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
