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
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class McpRoutesTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @RegisterExtension
  static final RunningNode NODE = new RunningNode("""
      llmagentos.agent.tool-timeout = 1m
      llmagentos.agent.tools.mcp.absent { url = "http://127.0.0.1:1/mcp" }
      """);

  private static RunningNode.Answer post(String method, String params, String... headers)
      throws IOException, InterruptedException {
    return NODE.post(
        "/mcp",
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":%s}".formatted(method, params),
        headers);
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
