package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tools that a definition names and that come from a document: through the ledger, as any other. */
class ConnectedToolsTest {
  private static final String DEFINITION = """
      name: clerk
      model: clerk
      tools: ["store__*", {name: store__refund, approval: true}]
      outOfScope: "That is not for me."
      unconnected: "No tool for {what} is connected."
      """;

  private static final String DOCUMENT = """
      openapi: 3.1.0
      info: {title: Store, version: "1"}
      paths:
        /orders/{order}:
          get:
            operationId: order
            parameters: [{name: order, in: path, required: true, schema: {type: string}}]
            responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
        /refunds:
          post:
            operationId: refund
            requestBody: {required: true, content: {application/json: {schema: {type: object}}}}
            responses: {"201": {description: ok}}
      """;

  private static final Queue<String> ARRIVED = new ConcurrentLinkedQueue<>();

  @TempDir
  private static Path definitions;

  @SuppressWarnings("NullAway.Init")
  private static HttpServer shop;

  @SuppressWarnings("NullAway.Init")
  private static RunningNode node;

  @BeforeAll
  static void start() throws IOException {
    shop = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    shop.createContext("/", exchange -> {
      ARRIVED.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
      byte[] answer = "{\"total\":20}".getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("Content-Type", "application/json");
      exchange.sendResponseHeaders(
          exchange.getRequestMethod().equals("POST") ? 201 : 200, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    shop.start();
    Files.writeString(definitions.resolve("clerk.yaml"), DEFINITION);
    Path document = Files.writeString(definitions.resolve("store.json"), DOCUMENT);
    node =
        new RunningNode("""
        llmagentos.agent { model = clerk, definitions = "%s" }
        llmagentos.agent.tools.openapi {
          store { document = "%s", server = "http://127.0.0.1:%d" }
        }
        llmagentos.model.models.clerk {
          kind = scripted
          rules = [
            { when = "order (?<order>\\\\d+)", call = store__order }
            { when = "refund (?<total>\\\\d+)", calls = [{ name = store__refund, arguments = "{\\"body\\":{\\"total\\":${total}}}" }] }
          ]
        }
        """.formatted(definitions, document, shop.getAddress().getPort())).start();
  }

  @AfterAll
  static void stop() throws Exception {
    node.stop();
    shop.stop(0);
  }

  @Test
  void shouldCallWhatADocumentDescribes() throws Exception {
    JsonNode turn = say("reads", "what of order 118");
    assertThat(turn.path("status").asText()).isEqualTo("completed");
    assertThat(turn.path("answer").asText()).contains("20");
    assertThat(turn.path("tool_calls").path(0).path("status").asText()).isEqualTo("succeeded");
    assertThat(ARRIVED).containsOnlyOnce("GET /orders/118");
  }

  @Test
  void shouldHoldBackWhatADefinitionWantsApproved() throws Exception {
    JsonNode turn = say("asks", "refund 20");
    assertThat(turn.path("status").asText()).isEqualTo("waiting");
    assertThat(ARRIVED).noneMatch(line -> line.startsWith("POST"));
    await("the projection")
        .atMost(Duration.ofMinutes(1))
        .until(() -> node.get("/v1/inbox").body().contains("store__refund"));
  }

  private static JsonNode say(String session, String text) throws Exception {
    assertThat(node.post("/v1/sessions", "{\"id\":\"%s\",\"agent\":\"clerk\"}".formatted(session))
            .status())
        .isLessThan(300);
    return node.post(
            "/v1/sessions/" + session + "/messages", "{\"content\":\"%s\"}".formatted(text))
        .json();
  }
}
