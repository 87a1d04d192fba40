package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.tool.ToolHost;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.mcp.McpServer;
import io.llmagentos.agent.tool.mcp.McpServerSettings;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class McpRoutesTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @RegisterExtension
  static final RunningNode NODE = new RunningNode("""
      llmagentos.agent.tool-timeout = 1m
      llmagentos.agent.mcp.tools = [charge, refund, { name = deliver, approval = false }, "absent__*"]
      llmagentos.agent.tools.mcp.absent { url = "http://127.0.0.1:1/mcp" }
      """);

  private static RunningNode.Answer post(String method, String params, String... headers)
      throws IOException, InterruptedException {
    return NODE.post(
        "/mcp",
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":%s}".formatted(method, params),
        headers);
  }

  private static String key(String key) {
    return "{\"io.llmagentos/idempotency-key\":\"" + key + "\"}";
  }

  private static String text(JsonNode answer) {
    return answer.path("result").path("content").path(0).path("text").asText();
  }

  private static String conversation(JsonNode answer) {
    return answer
        .path("result")
        .path("_meta")
        .path("io.llmagentos/conversation")
        .asText();
  }

  private static JsonNode call(String tool, String arguments, String meta)
      throws IOException, InterruptedException {
    RunningNode.Answer answer = post(
        "tools/call",
        "{\"name\":\"%s\",\"arguments\":%s,\"_meta\":%s}".formatted(tool, arguments, meta));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().path("id").asInt()).isEqualTo(7);
    return answer.json();
  }

  @Test
  void shouldShakeHandsInEachRevision() throws Exception {
    for (String revision : new String[] {"2025-11-25", "2025-06-18"}) {
      JsonNode result = post(
              "initialize",
              "{\"protocolVersion\":\"%s\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}"
                  .formatted(revision))
          .json()
          .path("result");
      assertThat(result.path("protocolVersion").asText()).isEqualTo(revision);
      assertThat(result.path("serverInfo").path("name").asText()).isEqualTo("llmagentos");
      assertThat(result.path("capabilities").has("tools")).isTrue();
    }
    assertThat(NODE.post("/mcp", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}")
            .status())
        .isEqualTo(202);
    assertThat(post("ping", "{}", "MCP-Protocol-Version", "2025-06-18").status())
        .isEqualTo(200);
  }

  @Test
  void shouldListItsAgentsAsTools() throws Exception {
    JsonNode tools = post("tools/list", "{}").json().path("result").path("tools");
    assertThat(tools.findValuesAsText("name")).contains("ask_assistant", "ask_tester");
    assertThat(tools.path(0).path("inputSchema").path("required").path(0).asText())
        .isEqualTo("message");
    assertThat(tools.path(0).has("outputSchema")).isTrue();
  }

  @Test
  void shouldGoOnInADurableConversation() throws Exception {
    JsonNode first = call("ask_assistant", "{\"message\":\"hello\"}", "{}")
        .path("result")
        .path("structuredContent");
    assertThat(first.path("answer").asText()).isEqualTo("Hello there, how are you?");
    assertThat(first.path("status").asText()).isEqualTo("completed");
    String conversation = first.path("conversation").asText();
    JsonNode second = call(
        "ask_assistant",
        "{\"message\":\"what alarms do I have\",\"conversation\":\"" + conversation + "\"}",
        "{}");
    assertThat(second.path("result").path("isError").asBoolean()).isFalse();
    JsonNode session = NODE.get("/v1/sessions/" + conversation).json();
    assertThat(session.path("turns").findValuesAsText("content"))
        .containsExactly("hello", "what alarms do I have");
  }

  @Test
  void shouldActOnceUnderOneKey() throws Exception {
    String meta = "{\"io.llmagentos/idempotency-key\":\"one\"}";
    String arguments = "{\"message\":\"wake me up at six am on sunday\"}";
    JsonNode first = call("ask_assistant", arguments, meta);
    assertThat(first.path("result").path("content").path(0).path("text").asText())
        .contains("Sunday");
    assertThat(call("ask_assistant", arguments, meta)).isEqualTo(first);
    JsonNode events = NODE.get("/v1/agents/assistant/events").json().path("data");
    assertThat(StreamSupport.stream(events.spliterator(), false)
            .flatMap(event -> StreamSupport.stream(event.path("changes").spliterator(), false))
            .filter(change -> change.path("type").asText().equals("alarm-set")))
        .hasSize(1);
  }

  @Test
  void shouldTellWhatItRefuses() throws Exception {
    assertThat(call("ask_nobody", "{\"message\":\"hello\"}", "{}")
            .path("error")
            .path("code")
            .asInt())
        .isEqualTo(-32602);
    assertThat(call("ask_assistant", "{\"mesage\":\"hello\"}", "{}")
            .path("result")
            .path("isError")
            .asBoolean())
        .isTrue();
    JsonNode failed = call("ask_tester", "{\"message\":\"please throw\"}", "{}").path("result");
    assertThat(failed.path("isError").asBoolean()).isTrue();
    assertThat(failed.path("structuredContent").path("status").asText()).isEqualTo("failed");
    JsonNode taken =
        call("ask_assistant", "{\"message\":\"hello\",\"conversation\":\"taken\"}", "{}");
    assertThat(taken.path("result").path("isError").asBoolean()).isFalse();
    assertThat(call("ask_tester", "{\"message\":\"hello\",\"conversation\":\"taken\"}", "{}")
            .path("result")
            .path("content")
            .path(0)
            .path("text")
            .asText())
        .startsWith("conflict:");
    assertThat(post("no/such/method", "{}").json().path("error").path("code").asInt())
        .isEqualTo(-32601);
    assertThat(NODE.post("/mcp", "{\"hello\":1}").code()).isEqualTo("invalid_request");
    assertThat(NODE.post("/mcp", "[]").code()).isEqualTo("malformed_json");
    assertThat(NODE.get("/mcp").status()).isEqualTo(405);
    assertThat(post("ping", "{}", "MCP-Protocol-Version", "2001-01-01").status())
        .isEqualTo(400);
    assertThat(post("ping", "{}", "Origin", "https://evil.example").status()).isEqualTo(403);
  }

  @Test
  void shouldOfferTheToolsThatTheSettingNames() throws Exception {
    JsonNode tools = post("tools/list", "{}").json().path("result").path("tools");
    assertThat(tools.findValuesAsText("name"))
        .contains("charge", "refund", "deliver")
        .doesNotContain("look_up", "alarm_set");
    JsonNode deliver = StreamSupport.stream(tools.spliterator(), false)
        .filter(tool -> tool.path("name").asText().equals("deliver"))
        .findFirst()
        .orElseThrow();
    assertThat(deliver.path("inputSchema").path("required").path(1).asText()).isEqualTo("day");
    assertThat(deliver.path("annotations").path("readOnlyHint").asBoolean(true)).isFalse();
  }

  @Test
  void shouldRecordACallOfAToolAndMakeItOnceUnderOneKey() throws Exception {
    String order = "{\"order\":\"M1\",\"amount\":3}";
    JsonNode first = call("charge", order, key("m1"));
    assertThat(text(first)).isEqualTo("charge of M1 for 3");
    assertThat(first.path("result").path("isError").asBoolean()).isFalse();
    assertThat(call("charge", "{\"amount\":3,\"order\":\"M1\"}", key("m1"))).isEqualTo(first);
    RunningNode.Answer byHeader = post(
        "tools/call", "{\"name\":\"charge\",\"arguments\":" + order + "}", "Idempotency-Key", "m1");
    assertThat(byHeader.json()).isEqualTo(first);
    assertThat(ShopTools.keys("charge", "M1")).hasSize(1);
    assertThat(text(call("charge", "{\"order\":\"M1\",\"amount\":4}", key("m1"))))
        .startsWith("conflict: ");

    JsonNode turn =
        NODE.get("/v1/sessions/" + conversation(first)).json().path("turns").path(0);
    assertThat(turn.path("status").asText()).isEqualTo("completed");
    assertThat(turn.path("tool_calls").path(0).path("status").asText()).isEqualTo("succeeded");
    assertThat(turn.path("usage").path("steps").asInt()).as("no model").isZero();
  }

  @Test
  void shouldLetAPersonApproveACallOfATool() throws Exception {
    String order = "{\"order\":\"M2\",\"amount\":7}";
    JsonNode waiting = call("refund", order, key("m2"));
    assertThat(text(waiting))
        .contains("waits for a person's approval", "/v1/sessions/" + conversation(waiting), "'m2'");
    assertThat(waiting.path("result").path("isError").asBoolean()).isFalse();
    assertThat(waiting.path("result").path("structuredContent").path("status").asText())
        .isEqualTo("waiting");
    assertThat(ShopTools.keys("refund", "M2")).isEmpty();

    JsonNode item = await("the inbox has it")
        .atMost(PATIENCE)
        .until(
            () -> StreamSupport.stream(
                    NODE.get("/v1/inbox").json().path("data").spliterator(), false)
                .filter(each -> each.path("arguments").asText().contains("M2"))
                .findFirst(),
            Optional::isPresent)
        .orElseThrow();
    NODE.post(
        "/v1/inbox/" + item.path("id").asText() + "/decision",
        "{\"decision\":\"approve\",\"hash\":\"" + item.path("hash").asText() + "\"}");
    await("the outcome is known under the key")
        .atMost(PATIENCE)
        .until(() -> text(call("refund", order, key("m2"))).equals("refund of M2 for 7"));
    assertThat(ShopTools.keys("refund", "M2")).hasSize(1);
  }

  @Test
  void shouldRefuseCallsOfToolsThatMakeNoSense() throws Exception {
    for (String unoffered : new String[] {"no_such_tool", "look_up", "alarm_set", "absent__x"}) {
      assertThat(call(unoffered, "{}", "{}").path("error").path("code").asInt())
          .as(unoffered)
          .isEqualTo(-32602);
    }
    JsonNode bad = call("deliver", "{\"order\":7}", "{}");
    assertThat(bad.path("result").path("isError").asBoolean()).isTrue();
    assertThat(text(bad)).contains("day");
    assertThat(ShopTools.keys("deliver", "7")).isEmpty();

    JsonNode refused = call("charge", "{\"order\":\"soldM\"}", "{}");
    assertThat(refused.path("result").path("isError").asBoolean()).isTrue();
    assertThat(text(refused)).contains("soldM is sold out");
    JsonNode unknown = call("charge", "{\"order\":\"brokenM\"}", "{}");
    assertThat(unknown.path("result").path("isError").asBoolean()).isTrue();
    assertThat(text(unknown)).contains("not known whether charge took place", "/v1/sessions/");

    JsonNode large = call("charge", "{\"order\":\"" + "M".repeat(600_000) + "\"}", "{}");
    assertThat(text(large)).startsWith("body_too_large: ").contains("524288");

    assertThat(NODE.post("/v1/sessions", "{\"agent\":\"offered-tools\"}").code())
        .isEqualTo("not_found");
    for (String said : new String[] {
      "hello", "{\\\"tool\\\":\\\"look_up\\\",\\\"arguments\\\":{}}", "{\\\"tool\\\":7}"
    }) {
      JsonNode turn = NODE.post(
              "/v1/sessions/" + conversation(refused) + "/messages",
              "{\"content\":\"" + said + "\"}")
          .json();
      assertThat(turn.path("status").asText()).as(said).isEqualTo("failed");
      assertThat(turn.path("tool_calls")).as(said).isEmpty();
    }
  }

  /** A platform is a tool of another: over this door, by the client for MCP servers. */
  @Test
  void shouldServeItsOwnClient() throws Exception {
    McpServerSettings settings = McpServerSettings.all(ConfigFactory.parseString(
                "llmagentos.agent.tools.mcp.far { url = \"" + NODE.door() + "/mcp\" }")
            .withFallback(ConfigFactory.defaultReference())
            .getConfig("llmagentos.agent.tools"))
        .getFirst();
    try (McpServer far = McpServer.start(settings)) {
      await()
          .atMost(PATIENCE)
          .until(() -> far.find("far__ask_assistant")
              .filter(tool -> !tool.outputSchema().isEmpty())
              .isPresent());
      Context context = new Context(
          "local", "local", Instant.now().plus(PATIENCE), "0".repeat(32), Provenance.PRINCIPAL);
      ToolResult result = far.find("far__ask_assistant")
          .orElseThrow()
          .call(new ToolRequest(context, "two", "{\"message\":\"hello\"}"));
      assertThat(result.error()).isFalse();
      assertThat(result.text()).isEqualTo("Hello there, how are you?");
      assertThat(result.structured()).contains("\"status\":\"completed\"");
    }
  }

  @Test
  void shouldStartWithoutAServerThatIsNotThere() {
    ToolHost host = NODE.node().service(ToolHost.class);
    assertThat(host.find("absent__anything")).isPresent();
    assertThat(host.find("anything")).isEmpty();
  }
}
