package io.llmagentos.agent.tool.openapi;

import io.llmagentos.agent.tool.AbsentTool;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolNames;
import io.llmagentos.agent.tool.ToolSource;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An OpenAPI document as a source of tools. One that lies at a URL is fetched in the background, again and again until it is there. */
public final class OpenApiSource implements ToolSource {
  private static final Logger LOG = LoggerFactory.getLogger(OpenApiSource.class);
  private static final int LARGEST_DOCUMENT = 64 * 1024 * 1024;
  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final int DOUBLINGS = 7;

  private final OpenApiSettings settings;
  private final HttpClient http;
  private final Thread fetcher;
  private volatile List<Tool> tools = List.of();
  private volatile String trouble = "its document has not been read yet";

  private OpenApiSource(OpenApiSettings settings) {
    this.settings = settings;
    this.http = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(settings.connectTimeout())
        .build();
    this.fetcher = Thread.ofVirtual().name("openapi " + settings.name()).unstarted(this::fetch);
  }

  /**
   * Read the document if it is a file, else begin to fetch it.
   *
   * @throws AgentOsException {@code SETTINGS_INVALID} for a file that is no OpenAPI document
   */
  public static OpenApiSource start(OpenApiSettings settings) {
    OpenApiSource source = new OpenApiSource(settings);
    if (OpenApiSettings.isUrl(settings.document())) {
      source.fetcher.start();
      return source;
    }
    try {
      source.load(Files.readString(Path.of(settings.document())));
      return source;
    } catch (IOException | OpenApiDocument.Unusable e) {
      String key = "llmagentos.agent.tools.openapi." + settings.name() + ".document";
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          key + ": '" + settings.document() + "' cannot be used: " + e.getMessage(),
          key,
          e);
    }
  }

  private void fetch() {
    for (int failures = 0; ; failures++) {
      try {
        load(fetched());
        return;
      } catch (InterruptedException e) {
        return;
      } catch (IOException | OpenApiDocument.Unusable e) {
        trouble = "its document cannot be read: "
            + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        LOG.warn("OpenAPI document '{}': {}", settings.name(), trouble);
      }
      try {
        Thread.sleep(PAUSE.multipliedBy(1L << Math.min(failures, DOUBLINGS)));
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private String fetched() throws IOException, InterruptedException {
    HttpResponse<byte[]> response = http.send(
        HttpRequest.newBuilder(URI.create(settings.document()))
            .timeout(settings.timeout())
            .build(),
        HttpResponse.BodyHandlers.limiting(
            HttpResponse.BodyHandlers.ofByteArray(), LARGEST_DOCUMENT));
    if (response.statusCode() != 200) {
      throw new IOException("its server answered " + response.statusCode());
    }
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  private void load(String text) throws OpenApiDocument.Unusable {
    OpenApiDocument document = OpenApiDocument.parse(text);
    String server = server(document);
    tools = document.operations().stream()
        .<Tool>map(operation -> new OpenApiTool(operation, server, settings, http))
        .toList();
    document
        .leftOut()
        .forEach(reason ->
            LOG.warn("OpenAPI document '{}' has no tool for {}", settings.name(), reason));
    LOG.info("OpenAPI document '{}': {} tools at {}", settings.name(), tools.size(), server);
  }

  /** Fixed here: no argument chooses where a request goes. */
  private String server(OpenApiDocument document) throws OpenApiDocument.Unusable {
    String server = settings.server().isEmpty() ? document.server() : settings.server();
    if (!OpenApiSettings.isUrl(server) && OpenApiSettings.isUrl(settings.document())) {
      server = URI.create(settings.document())
          .resolve(server.isEmpty() ? "/" : server)
          .toString();
    }
    if (!OpenApiSettings.isUrl(server)) {
      throw new OpenApiDocument.Unusable("it names no server with an http or https URL, but '"
          + server + "'; set llmagentos.agent.tools.openapi." + settings.name() + ".server");
    }
    return server;
  }

  @Override
  public List<Tool> tools() {
    return tools;
  }

  @Override
  public Optional<Tool> find(String name) {
    return tools.isEmpty() && name.startsWith(ToolNames.prefix(settings.name()))
        ? Optional.of(new AbsentTool(name, "'" + settings.name() + "': " + trouble))
        : ToolSource.super.find(name);
  }

  @Override
  public void close() {
    fetcher.interrupt();
    http.shutdownNow();
  }
}
