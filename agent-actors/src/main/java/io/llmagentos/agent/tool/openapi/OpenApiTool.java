package io.llmagentos.agent.tool.openapi;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolNames;
import io.llmagentos.agent.tool.ToolRefusal;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.agent.tool.http.HttpAccess;
import io.llmagentos.model.chat.ToolSpecification;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

/** An operation as a tool. */
record OpenApiTool(Operation operation, String server, OpenApiSettings settings, HttpClient http)
    implements Tool {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final int SHOWN = 500;
  private static final int REQUEST_TIMEOUT = 408;
  private static final int TOO_MANY_REQUESTS = 429;

  @Override
  public ToolSpecification specification() {
    return new ToolSpecification(
        ToolNames.of(settings.name(), operation.id()), operation.description(), operation.input());
  }

  @Override
  public ToolTraits traits() {
    return new ToolTraits(
        operation.isReadOnly(),
        operation.isIdempotent(),
        false,
        settings.http().timeout(),
        settings.http().maxConcurrent());
  }

  @Override
  public String outputSchema() {
    return settings.checkResults() ? operation.output() : "";
  }

  @Override
  public ToolResult call(ToolRequest request) throws IOException, InterruptedException {
    OperationRequest built =
        OperationRequest.of(operation, server, JSON.readTree(request.arguments()));
    HttpResponse<byte[]> response;
    try {
      response = HttpAccess.send(
          http,
          http(built, request.key()),
          settings.http().maxResponseBytes(),
          settings.http().timeout());
    } catch (ConnectException | HttpConnectTimeoutException e) {
      throw new ToolRefusal(host() + " cannot be reached", e);
    }
    return read(response);
  }

  private HttpRequest http(OperationRequest built, String key) {
    HttpRequest.Builder http = HttpRequest.newBuilder(built.url())
        .timeout(settings.http().timeout())
        .setHeader("Accept", "application/json, */*;q=0.5");
    if (built.body().isEmpty()) {
      http.method(operation.method(), HttpRequest.BodyPublishers.noBody());
    } else {
      http.setHeader("Content-Type", "application/json")
          .method(operation.method(), HttpRequest.BodyPublishers.ofString(built.body()));
    }
    if (operation.keyed()) {
      http.setHeader("Idempotency-Key", key);
    }
    try {
      built.headers().forEach(http::setHeader);
    } catch (IllegalArgumentException e) {
      throw new ToolRefusal("a header cannot be sent: " + e.getMessage(), e);
    }
    // The last word: no argument replaces a credential.
    settings.http().headers().forEach(http::setHeader);
    return http.build();
  }

  private ToolResult read(HttpResponse<byte[]> response) throws IOException {
    int status = response.statusCode();
    String text = new String(response.body(), StandardCharsets.UTF_8);
    if (status >= 200 && status < 300) {
      return new ToolResult(text, isJson(text) ? text : "", false);
    }
    String said = host() + " answered " + status + (text.isBlank() ? "" : ": " + shortened(text));
    if (status == TOO_MANY_REQUESTS) {
      throw new ToolRefusal(said, new IOException(said));
    }
    boolean refused = status >= 400 && status < 500 && status != REQUEST_TIMEOUT;
    if (refused || (status < 400 && operation.isReadOnly())) {
      throw new ToolRefusal(said);
    }
    throw new IOException(said);
  }

  private String host() {
    return "the server of '" + settings.name() + "'";
  }

  private static boolean isJson(String text) {
    try {
      return !JSON.readTree(text).isMissingNode();
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  private static String shortened(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
  }
}
