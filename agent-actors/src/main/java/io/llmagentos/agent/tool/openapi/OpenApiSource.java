package io.llmagentos.agent.tool.openapi;

import io.llmagentos.agent.tool.FetchedSource;
import io.llmagentos.agent.tool.SourceSettings;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.http.HttpAccess;
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
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An OpenAPI document as a source of tools. One that lies at a URL is fetched in the background, again and again until it is there. */
public final class OpenApiSource extends FetchedSource {
  private static final Logger LOG = LoggerFactory.getLogger(OpenApiSource.class);
  private static final int LARGEST_DOCUMENT = 64 * 1024 * 1024;

  private final OpenApiSettings settings;
  private final HttpClient http;

  private OpenApiSource(OpenApiSettings settings) {
    super(settings.name(), "OpenAPI source '" + settings.name() + "'", "document");
    this.settings = settings;
    this.http = settings.http().client();
  }

  /**
   * Read the document if it is a file, else begin to fetch it.
   *
   * @throws AgentOsException {@code SETTINGS_INVALID} for a file that is no OpenAPI document
   */
  public static OpenApiSource start(OpenApiSettings settings) {
    OpenApiSource source = new OpenApiSource(settings);
    if (SourceSettings.isUrl(settings.document())) {
      source.startFetching();
      return source;
    }
    try {
      source.use(source.read(Files.readString(Path.of(settings.document()))));
      return source;
    } catch (IOException | Unusable e) {
      String key = OpenApiSettings.path(settings.name()) + ".document";
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          key + ": '" + settings.document() + "' cannot be used: " + e.getMessage(),
          key,
          e);
    }
  }

  @Override
  protected List<Tool> fetch() throws IOException, InterruptedException, Unusable {
    HttpResponse<byte[]> response = HttpAccess.send(
        http,
        HttpRequest.newBuilder(URI.create(settings.document())).build(),
        LARGEST_DOCUMENT,
        settings.http().timeout());
    if (response.statusCode() != 200) {
      throw new IOException("its server answered " + response.statusCode());
    }
    return read(new String(response.body(), StandardCharsets.UTF_8));
  }

  private List<Tool> read(String text) throws Unusable {
    OpenApiDocument document = OpenApiDocument.parse(text);
    String server = server(document);
    document
        .leftOut()
        .forEach(reason ->
            LOG.warn("OpenAPI document '{}' has no tool for {}", settings.name(), reason));
    return document.operations().stream()
        .<Tool>map(operation -> new OpenApiTool(operation, server, settings, http))
        .toList();
  }

  /** Fixed here: no argument chooses where a request goes. */
  private String server(OpenApiDocument document) throws Unusable {
    String server = settings.server().isEmpty() ? document.server() : settings.server();
    if (!SourceSettings.isUrl(server) && SourceSettings.isUrl(settings.document())) {
      server = URI.create(settings.document())
          .resolve(server.isEmpty() ? "/" : server)
          .toString();
    }
    if (!SourceSettings.isUrl(server)) {
      throw new Unusable("it names no server with an http or https URL, but '" + server + "'; set "
          + OpenApiSettings.path(settings.name()) + ".server");
    }
    return server;
  }

  @Override
  public void close() {
    super.close();
    http.shutdownNow();
  }
}
