package io.llmagentos.agent.tool.mcp;

import io.modelcontextprotocol.client.McpAsyncClient;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** One connection to an MCP server, from its handshake until it is lost. */
final class McpConnection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(McpConnection.class);
  private static final int MOST_TOOLS = 1000;
  private static final String ENDED = "its process has ended";
  private static final Duration CLOSING = Duration.ofSeconds(5);
  /** Of the library's own limit on a call, which the caller's comes before. */
  private static final Duration MARGIN = Duration.ofSeconds(5);

  private final McpServerSettings settings;
  private final QuietTransport transport;
  private final McpAsyncClient client;
  /** One for each reason to look whether the connection is still good. */
  private final Semaphore doubts = new Semaphore(0);

  private final AtomicInteger underWay = new AtomicInteger();
  private final AtomicInteger givenUp = new AtomicInteger();
  /** What went wrong with the server's process; the library does not say so to who waits for the handshake. */
  private final Sinks.One<McpSchema.InitializeResult> broken = Sinks.one();

  private volatile boolean ended;

  private McpConnection(McpServerSettings settings) {
    this.settings = settings;
    this.transport =
        new QuietTransport(settings.url().isEmpty() ? process() : http(), doubts::release);
    this.client = McpClient.async(transport)
        .clientInfo(McpSchema.Implementation.builder("llmagentos", "0.1.0").build())
        .initializationTimeout(settings.connectTimeout())
        .requestTimeout(settings.timeout().plus(MARGIN))
        .build();
  }

  /** Connect and shake hands. Blocks. */
  static McpConnection open(McpServerSettings settings) {
    McpConnection connection = new McpConnection(settings);
    try {
      Mono.firstWithSignal(connection.client.initialize(), connection.broken.asMono())
          .block(settings.connectTimeout());
      return connection;
    } catch (RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private McpClientTransport process() {
    ServerParameters parameters = ServerParameters.builder(settings.command().getFirst())
        .args(settings.command().subList(1, settings.command().size()))
        .env(settings.environment())
        .build();
    StdioClientTransport transport =
        new StdioClientTransport(
            parameters, McpJsonDefaults.getMapper(), settings.maxMessageBytes()) {
          // Without this process's environment, which may hold secrets; the library adds what the
          // parameters say.
          @Override
          protected ProcessBuilder getProcessBuilder() {
            ProcessBuilder process = super.getProcessBuilder();
            process.environment().clear();
            return process;
          }

          @Override
          public Mono<Void> connect(
              java.util.function.Function<
                      Mono<McpSchema.JSONRPCMessage>, Mono<McpSchema.JSONRPCMessage>>
                  handler) {
            return super.connect(handler)
                .doOnError(broken::tryEmitError)
                .doOnSuccess(started -> Thread.ofVirtual()
                    .name("mcp " + settings.name() + " exit")
                    .start(() -> {
                      awaitForExit();
                      ended = true;
                      broken.tryEmitError(new IOException(ENDED));
                      doubts.release();
                    }));
          }
        };
    transport.setStdErrorHandler(line -> LOG.debug("MCP server '{}': {}", settings.name(), line));
    return transport;
  }

  private McpClientTransport http() {
    URI url = URI.create(settings.url());
    String server = url.getScheme() + "://" + url.getRawAuthority();
    String endpoint = settings.url().substring(server.length());
    return HttpClientStreamableHttpTransport.builder(server)
        .endpoint(endpoint.isEmpty() ? "/" : endpoint)
        .connectTimeout(settings.connectTimeout())
        .maxResponseSize(settings.maxMessageBytes())
        .customizeClient(http -> http.followRedirects(HttpClient.Redirect.NEVER))
        .addHttpRequestCustomizer(
            (request, method, uri, body, context) -> settings.headers().forEach(request::setHeader))
        .build();
  }

  /** The protocol's revision that both speak. */
  String protocol() {
    return client.getCurrentInitializationResult().protocolVersion();
  }

  /**
   * All its tools, page by page.
   *
   * @throws IllegalStateException when there is no end of them
   */
  List<McpSchema.Tool> tools() {
    long end = System.nanoTime() + settings.connectTimeout().toNanos();
    List<McpSchema.Tool> tools = new ArrayList<>();
    long size = 0;
    String cursor = null;
    for (int page = 0; page < MOST_TOOLS; page++) {
      McpSchema.ListToolsResult listed =
          client.listTools(cursor).block(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
      if (listed == null) {
        return tools;
      }
      tools.addAll(listed.tools());
      size += McpTool.json(listed.tools()).length();
      if (tools.size() > MOST_TOOLS || size > settings.maxMessageBytes()) {
        break;
      }
      cursor = listed.nextCursor();
      if (cursor == null || cursor.isEmpty()) {
        return tools;
      }
    }
    throw new IllegalStateException("its list of tools has no end: after " + tools.size()
        + " tools, " + size + " characters there are more; at most " + MOST_TOOLS
        + " in as many pages and "
        + settings.maxMessageBytes() + " (max-message) may be");
  }

  McpSchema.CallToolResult call(McpSchema.CallToolRequest request) throws IOException {
    underWay.incrementAndGet();
    try {
      McpSchema.CallToolResult result = client.callTool(request).block();
      if (result == null) {
        throw new IOException(
            "MCP server '" + settings.name() + "' ended the call without a result");
      }
      return result;
    } finally {
      underWay.decrementAndGet();
    }
  }

  /** A call was interrupted. */
  void giveUp() {
    givenUp.incrementAndGet();
    doubt();
  }

  /** Ask the server soon whether it is still there. */
  void doubt() {
    doubts.release();
  }

  /**
   * Returns by throwing, when the connection is no good any more.
   *
   * @param onTools told of the tools whenever they have changed
   */
  void awaitLoss(Consumer<List<McpSchema.Tool>> onTools) throws InterruptedException, IOException {
    while (true) {
      boolean doubted =
          doubts.tryAcquire(settings.pingInterval().toMillis(), TimeUnit.MILLISECONDS);
      if (doubted) {
        doubts.drainPermits();
      }
      if (ended) {
        throw new IOException(ENDED);
      }
      if (transport.isFlooded()) {
        throw new IOException(
            "it said more than " + QuietTransport.MOST_UNASKED + " things that nobody had asked");
      }
      if (holdsTooMuch()) {
        throw new IOException(givenUp.get() + " calls of it were given up; it is connected anew");
      }
      transport.look();
      if (transport.takeToolsChanged()) {
        onTools.accept(tools());
      }
      client.ping().block(settings.connectTimeout());
    }
  }

  /** Over HTTP the response of a call that was given up is read on, for as long as the server likes, until the connection is closed. */
  private boolean holdsTooMuch() {
    return !settings.url().isEmpty()
        && givenUp.get() >= settings.maxConcurrent()
        && underWay.get() == 0;
  }

  /** Calls that are under way end with an error. */
  @Override
  public void close() {
    try {
      client.closeGracefully().block(CLOSING);
    } catch (RuntimeException e) {
      LOG.debug("MCP server '{}' was not closed gracefully", settings.name(), e);
      client.close();
    }
  }
}
