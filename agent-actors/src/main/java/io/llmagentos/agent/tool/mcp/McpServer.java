package io.llmagentos.agent.tool.mcp;

import io.llmagentos.agent.tool.AbsentTool;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolNames;
import io.llmagentos.agent.tool.ToolRefusal;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolSource;
import io.modelcontextprotocol.client.transport.McpHttpClientTransportAuthorizationException;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpTransportSessionNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An MCP server as a source of tools. It is connected in the background, and again whenever it is lost; meanwhile calls are refused and say why. The
 * tools follow the server's list.
 */
public final class McpServer implements ToolSource {
  /** In {@code _meta} of each call: the key under which a repeated call has one effect. */
  public static final String IDEMPOTENCY_KEY = "io.llmagentos/idempotency-key";

  private static final Logger LOG = LoggerFactory.getLogger(McpServer.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final int DOUBLINGS = 10;

  /** What the library's message begins with when a call waited for a connection that did not come about. */
  private static final String NOT_SENT = "Client failed to initialize";

  /** JSON-RPC's errors of requests that were not carried out. */
  private static final Set<Integer> NOT_BEGUN = Set.of(
      McpSchema.ErrorCodes.PARSE_ERROR,
      McpSchema.ErrorCodes.INVALID_REQUEST,
      McpSchema.ErrorCodes.METHOD_NOT_FOUND,
      McpSchema.ErrorCodes.INVALID_PARAMS);

  private final McpServerSettings settings;
  private final Thread keeper;
  private volatile boolean closed;
  private volatile @Nullable McpConnection connection;
  private volatile List<Tool> tools = List.of();
  private volatile String trouble = "it has not answered yet";

  private McpServer(McpServerSettings settings) {
    this.settings = settings;
    this.keeper = Thread.ofVirtual().name("mcp " + settings.name()).unstarted(this::keep);
  }

  /** Begin to connect; does not wait for it. */
  public static McpServer start(McpServerSettings settings) {
    McpServer server = new McpServer(settings);
    server.keeper.start();
    return server;
  }

  private void keep() {
    int failures = 0;
    while (!closed) {
      try (McpConnection opened = McpConnection.open(settings)) {
        failures = serve(opened) ? 0 : failures + 1;
      } catch (RuntimeException e) {
        lost(e);
        failures++;
      }
      pause(failures);
    }
  }

  /** Until it is lost, and before it is closed: no call shall meet one that is being closed. Returns whether its tools were known. */
  private boolean serve(McpConnection opened) {
    boolean known = false;
    // Before its tools are seen, so that one that is seen can be called.
    connection = opened;
    try {
      update(opened.tools());
      known = true;
      LOG.info(
          "MCP server '{}' is connected: {} tools, protocol {}",
          settings.name(),
          tools.size(),
          opened.protocol());
      opened.awaitLoss(this::update);
    } catch (InterruptedException | IOException | RuntimeException e) {
      lost(e);
    }
    return known;
  }

  private void lost(Exception failure) {
    connection = null;
    trouble = reason(failure);
    if (!closed) {
      LOG.warn("MCP server '{}' is not connected: {}", settings.name(), trouble);
    }
  }

  private void pause(int failures) {
    try {
      Duration pause = PAUSE.multipliedBy(1L << Math.min(failures, DOUBLINGS));
      Thread.sleep(pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE);
    } catch (InterruptedException e) {
      // Only close interrupts, and the loop looks whether it did.
    }
  }

  private void update(List<McpSchema.Tool> listed) {
    Map<String, Tool> byName = listed.stream()
        .collect(Collectors.toMap(
            McpSchema.Tool::name,
            tool -> McpTool.of(this, settings, tool),
            (first, second) -> first,
            java.util.LinkedHashMap::new));
    tools = List.copyOf(byName.values());
  }

  /** Also while the server is away: its last tools. */
  @Override
  public List<Tool> tools() {
    return tools;
  }

  @Override
  public Optional<Tool> find(String name) {
    Optional<Tool> known = ToolSource.super.find(name);
    return known.isPresent()
            || connection != null
            || !name.startsWith(ToolNames.prefix(settings.name()))
        ? known
        : Optional.of(new AbsentTool(name, notConnected(trouble)));
  }

  ToolResult call(String remoteName, ToolRequest request) throws Exception {
    McpConnection now = connection;
    if (now == null) {
      throw new ToolRefusal(notConnected(trouble), new IOException(trouble));
    }
    if (tools.stream().noneMatch(tool -> ((McpTool) tool).remoteName().equals(remoteName))) {
      throw new ToolRefusal(
          "MCP server '" + settings.name() + "' has no tool '" + remoteName + "'");
    }
    try {
      return McpResults.read(now.call(new McpSchema.CallToolRequest(
          remoteName, arguments(request.arguments()), Map.of(IDEMPOTENCY_KEY, request.key()))));
    } catch (RuntimeException e) {
      throw told(e, now);
    }
  }

  private String notConnected(String why) {
    return "MCP server '" + settings.name() + "' is not connected: " + why;
  }

  /** What a failed call says about its effect. */
  private Exception told(RuntimeException failure, McpConnection over) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case InterruptedException interrupted -> {
          over.giveUp();
          return interrupted;
        }
        case McpError error -> {
          String said = "MCP server '" + settings.name() + "' said: " + error.getMessage();
          return error.getJsonRpcError() != null
                  && NOT_BEGUN.contains(error.getJsonRpcError().code())
              ? new ToolRefusal(said, error)
              : new IllegalStateException(said, error);
        }
        case McpHttpClientTransportAuthorizationException unauthorized -> {
          return new ToolRefusal(
              "MCP server '" + settings.name() + "' does not accept this platform's credentials"
                  + " (llmagentos.agent.tools.mcp." + settings.name() + ".headers)",
              unauthorized);
        }
        case ConnectException refused -> {
          over.doubt();
          return new ToolRefusal(notConnected(reason(refused)), refused);
        }
        case McpTransportSessionNotFoundException restarted -> {
          over.doubt();
          return new ToolRefusal(notConnected("it has begun anew"), new IOException(restarted));
        }
        default -> {
          if (String.valueOf(cause.getMessage()).startsWith(NOT_SENT)) {
            over.doubt();
            return new ToolRefusal(notConnected("it has gone away"), new IOException(failure));
          }
        }
      }
    }
    over.doubt();
    return new IOException(
        "the call was lost on its way to or from MCP server '" + settings.name() + "': "
            + reason(failure),
        failure);
  }

  /** The first message of the system's, which names what it is about, else the innermost. */
  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null
        && !(cause instanceof IOException && cause.getMessage() != null)) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> arguments(String json) throws IOException {
    return McpJsonDefaults.getMapper().readValue(json, Map.class);
  }

  @Override
  public void close() {
    closed = true;
    trouble = "this node stops";
    keeper.interrupt();
  }
}
