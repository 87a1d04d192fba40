package io.llmagentos.agent.tool.a2a;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.tool.FetchedSource.Unusable;
import io.llmagentos.agent.tool.ToolRefusal;
import io.llmagentos.agent.tool.http.HttpAccess;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;

/** JSON-RPC over HTTP with an agent of another system. Blocks; thread-safe. */
final class A2aConnection implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();

  /** JSON-RPC's and A2A's errors of requests that were not carried out. */
  private static final Set<Integer> NOT_BEGUN =
      Set.of(-32700, -32600, -32601, -32602, -32001, -32004, -32005);

  private static final int TOO_MANY_REQUESTS = 429;

  private final A2aSettings settings;
  private final HttpClient http;

  A2aConnection(A2aSettings settings) {
    this.settings = settings;
    this.http = settings.http().client();
  }

  JsonNode card() throws IOException, InterruptedException, Unusable {
    HttpResponse<byte[]> response =
        send(HttpRequest.newBuilder(settings.card()), settings.http().connectTimeout());
    if (response.statusCode() != 200) {
      throw new IOException(settings.card() + " answered " + response.statusCode());
    }
    try {
      JsonNode card = JSON.readTree(response.body());
      if (!card.path("name").isTextual()) {
        throw new Unusable(settings.card() + " is no agent card: it has no name");
      }
      return card;
    } catch (JsonProcessingException e) {
      throw new Unusable(settings.card() + " is not JSON: " + e.getOriginalMessage());
    }
  }

  /**
   * Ask for something.
   *
   * @throws ToolRefusal when it certainly was not begun
   */
  JsonNode call(URI endpoint, String method, ObjectNode params, String id, Duration timeout)
      throws IOException, InterruptedException {
    ObjectNode request =
        JSON.createObjectNode().put("jsonrpc", "2.0").put("id", id).put("method", method);
    request.set("params", params);
    HttpResponse<byte[]> response;
    try {
      response = send(
          HttpRequest.newBuilder(endpoint)
              .setHeader("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(request))),
          timeout);
    } catch (ConnectException | HttpConnectTimeoutException e) {
      throw new ToolRefusal(who() + " cannot be reached", e);
    }
    return result(response);
  }

  private HttpResponse<byte[]> send(HttpRequest.Builder request, Duration timeout)
      throws IOException, InterruptedException {
    settings.http().headers().forEach(request::setHeader);
    return HttpAccess.send(
        http,
        request.timeout(timeout).setHeader("Accept", "application/json").build(),
        settings.http().maxResponseBytes(),
        timeout);
  }

  private JsonNode result(HttpResponse<byte[]> response) throws IOException {
    int status = response.statusCode();
    if (status != 200) {
      String said = who() + " answered " + status;
      if (status == TOO_MANY_REQUESTS) {
        throw new ToolRefusal(said, new IOException(said));
      }
      if (status >= 400 && status < 500) {
        throw new ToolRefusal(
            status == 401 || status == 403
                ? said + ": it does not accept this platform's credentials ("
                    + A2aSettings.path(settings.name()) + ".headers)"
                : said);
      }
      throw new IOException(said);
    }
    JsonNode body = JSON.readTree(response.body());
    if (body.hasNonNull("error")) {
      JsonNode error = body.path("error");
      String said = who() + " said: " + error.path("message").asText();
      if (NOT_BEGUN.contains(error.path("code").asInt())) {
        throw new ToolRefusal(said);
      }
      throw new IOException(said);
    }
    if (!body.path("result").isObject()) {
      throw new IOException(who() + " answered neither with a result nor with an error");
    }
    return body.path("result");
  }

  private String who() {
    return "A2A agent '" + settings.name() + "'";
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
