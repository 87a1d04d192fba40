package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whatever comes in, one typed answer goes out, and the door stays open. */
class DoorTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("");

  private static final String ASK =
      "{\"model\":\"scripted\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";

  private static void assertRefused(
      RunningNode.Answer answer, int status, String code, String... words) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.error().path("code").asText()).isEqualTo(code);
    assertThat(answer.error().path("type").asText()).isNotBlank();
    assertThat(answer.error().has("param")).isTrue();
    assertThat(answer.error().path("message").asText()).isNotBlank();
    for (String word : words) {
      assertThat(answer.error().path("message").asText()).contains(word);
    }
    assertThat(answer.header("content-type")).startsWith("application/json");
  }

  @Test
  void shouldRefuseMalformedJson() throws Exception {
    assertRefused(NODE.complete("{\"model\": \"x\","), 400, "malformed_json", "line 1");
    assertRefused(NODE.complete(""), 400, "malformed_json");
    assertRefused(NODE.complete("[]"), 400, "malformed_json", "object");
    assertRefused(NODE.complete("[".repeat(5_000)), 400, "malformed_json");
    assertRefused(NODE.post("/v1/sessions", "nonsense"), 400, "malformed_json");
  }

  @Test
  void shouldRefuseAWrongTypeByNameValueAndExpectation() throws Exception {
    assertRefused(
        NODE.complete(ASK.replace("{\"model\"", "{\"temperature\":\"hot\",\"model\"")),
        400,
        "invalid_request",
        "temperature",
        "hot",
        "number");
    assertRefused(
        NODE.complete("{\"model\":\"scripted\"}"), 400, "invalid_request", "messages", "missing");
    assertRefused(NODE.post("/v1/sessions", "{\"agent\":7}"), 400, "invalid_request", "agent", "7");
  }

  @Test
  void shouldRefuseAnUnknownModelOrAgent() throws Exception {
    RunningNode.Answer answer = NODE.complete(ASK.replace("scripted", "gpt-0"));
    assertRefused(answer, 404, "model_not_found", "gpt-0");
    assertThat(answer.error().path("param").asText()).isEqualTo("model");
    assertRefused(NODE.post("/v1/sessions", "{\"agent\":\"nobody\"}"), 404, "not_found", "nobody");
  }

  @Test
  void shouldRefuseAPromptOfTwoMegabytes() throws Exception {
    String large = ASK.replace("hello", "hello ".repeat(350_000));
    for (int i = 0; i < 20; i++) {
      assertRefused(NODE.complete(large), 413, "body_too_large", "1048576", "max-body");
    }
    assertThat(NODE.complete(ASK).status()).isEqualTo(200);
  }

  @Test
  void shouldRefuseABrokenToolSchema() throws Exception {
    String tool =
        "{\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\",\"parameters\":%s}}],\"model\"";
    assertRefused(
        NODE.complete(ASK.replace(
            "{\"model\"",
            tool.formatted("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"strnig\"}}}"))),
        400,
        "tool_schema_invalid",
        "look",
        "properties/a/type");
    assertRefused(
        NODE.complete(ASK.replace("{\"model\"", tool.formatted("{\"type\":\"array\"}"))),
        400,
        "tool_schema_invalid",
        "look",
        "array");
  }

  @Test
  void shouldRefuseAnImage() throws Exception {
    assertRefused(
        NODE.complete(ASK.replace(
            "\"hello\"", "[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:,\"}}]")),
        400,
        "invalid_request",
        "messages[0].content[0].type",
        "image_url",
        "text");
  }

  @Test
  void shouldRefuseAForeignHostOrOrigin() throws Exception {
    assertThat(raw("GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n"))
        .startsWith("HTTP/1.1 403")
        .contains("\"code\":\"forbidden\"");
    assertThat(raw("GET /v1/models HTTP/1.1\r\n"))
        .startsWith("HTTP/1.1 400")
        .contains("\"code\":\"invalid_request\"", "Host");
    assertRefused(
        NODE.get("/v1/models", "Origin", "https://evil.example"), 403, "forbidden", "origin");
    assertThat(raw("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n")).startsWith("HTTP/1.1 200");
  }

  private static String raw(String request) throws IOException {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), NODE.door().getPort())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write((request + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void shouldRefuseAnUnknownPathAndAWrongMethod() throws Exception {
    assertRefused(NODE.get("/v1/nothing"), 404, "not_found", "/v1/nothing");
    assertRefused(NODE.get("/v1/chat/completions"), 405, "method_not_allowed", "POST");
    assertRefused(NODE.post("/v1/agents", "{}"), 405, "method_not_allowed", "GET");
    assertRefused(
        NODE.send(NODE.request("/v1/sessions/x").DELETE().build()), 405, "method_not_allowed");
  }

  @Test
  void shouldRefuseMoreTurnsThanMayWaitAndStopOne() throws Exception {
    open("full", "assistant");
    List<CompletableFuture<?>> waiting = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      waiting.add(NODE.client()
          .sendAsync(
              say("full", "turn" + i, "never say anything"),
              java.net.http.HttpResponse.BodyHandlers.discarding()));
    }
    await("eight turns wait").until(() -> turns("full").size() == 8);
    RunningNode.Answer ninth = NODE.send(say("full", "turn9", "never say anything"));
    assertRefused(ninth, 429, "queue_full", "8");
    assertThat(ninth.header("retry-after")).isEqualTo("1");

    RunningNode.Answer stopped = NODE.post("/v1/sessions/full/stop", "");
    assertThat(stopped.json().path("status").asText()).isEqualTo("stopped");
    assertThat(stopped.json().path("turn_id").asText())
        .isEqualTo(turns("full").path(0).path("id").asText());
    for (int i = 1; i < 8; i++) {
      NODE.post("/v1/sessions/full/stop", "");
    }
    CompletableFuture.allOf(waiting.toArray(CompletableFuture<?>[]::new)).join();
    assertThat(NODE.send(say("full", "turn10", "hello")).json().path("status").asText())
        .isEqualTo("completed");
    assertRefused(NODE.post("/v1/sessions/full/stop", ""), 404, "not_found", "no turn");
  }

  @Test
  void shouldEndTheCallOfAToolThatHangsOrThrowsAndNothingElse() throws Exception {
    open("tools", "tester");
    for (String bad : List.of("please hang", "please throw")) {
      JsonNode turn = NODE.send(say("tools", bad.replace(' ', '-'), bad)).json();
      assertThat(turn.path("status").asText()).isEqualTo("failed");
      assertThat(turn.path("error").asText()).isEqualTo("tool_failed");
      JsonNode next = NODE.send(say("tools", "after-" + bad.replace(' ', '-'), "what alarms"))
          .json();
      assertThat(next.path("status").asText()).isEqualTo("completed");
    }
  }

  @Test
  void shouldResumeAStreamAfterTheLastEvent() throws Exception {
    open("resumed", "assistant");
    NODE.send(say("resumed", "first", "hello"));
    NODE.send(say("resumed", "second", "hello again"));
    List<String> all = ids("resumed", "0", 4);
    assertThat(all).doesNotHaveDuplicates();
    assertThat(ids("resumed", all.get(1), 2)).isEqualTo(all.subList(2, 4));
    assertRefused(
        NODE.get("/v1/sessions/resumed/events", "Last-Event-ID", "x"), 400, "invalid_request", "x");
  }

  private static List<String> ids(String session, String after, int count)
      throws IOException, InterruptedException {
    List<String> ids = new ArrayList<>();
    var response = NODE.client()
        .send(
            NODE.request("/v1/sessions/" + session + "/events", "Last-Event-ID", after)
                .GET()
                .build(),
            java.net.http.HttpResponse.BodyHandlers.ofLines());
    try (var lines = response.body()) {
      for (var each = lines.iterator(); ids.size() < count && each.hasNext(); ) {
        String line = each.next();
        if (line.startsWith("id: ")) {
          ids.add(line.substring(4));
        }
      }
    }
    return ids;
  }

  @Test
  void shouldLetATurnOutliveItsClient() throws Exception {
    open("left", "assistant");
    byte[] body = "{\"turn_id\":\"t\",\"content\":\"slowly\",\"stream\":true}"
        .getBytes(StandardCharsets.UTF_8);
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), NODE.door().getPort())) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/sessions/left/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                      + body.length + "\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(body);
      socket.getOutputStream().flush();
      await("the turn runs").until(() -> turns("left").size() == 1);
    }
    await("the turn ends by itself")
        .atMost(Duration.ofSeconds(15))
        .until(() -> turns("left").path(0).path("status").asText().equals("completed"));
    assertThat(turns("left").path(0).path("answer").asText()).endsWith("ten");
  }

  private static void open(String session, String agent) throws IOException, InterruptedException {
    RunningNode.Answer opened =
        NODE.post("/v1/sessions", "{\"agent\":\"%s\",\"id\":\"%s\"}".formatted(agent, session));
    assertThat(opened.status()).isEqualTo(201);
  }

  private static HttpRequest say(String session, String turn, String text) {
    return NODE.request("/v1/sessions/" + session + "/messages")
        .POST(HttpRequest.BodyPublishers.ofString(
            "{\"turn_id\":\"%s\",\"content\":\"%s\"}".formatted(turn, text)))
        .build();
  }

  private static JsonNode turns(String session) throws IOException, InterruptedException {
    return NODE.get("/v1/sessions/" + session).json().path("turns");
  }
}
