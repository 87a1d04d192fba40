package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class A2aRoutesTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("");

  private static String rpc(String method, String params) {
    return "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"%s\",\"params\":%s}"
        .formatted(method, params);
  }

  private static String message(String id, String text, String more) {
    return "{\"message\":{\"kind\":\"message\",\"role\":\"user\",\"messageId\":\"%s\",\"parts\":[{\"kind\":\"text\",\"text\":\"%s\"}]%s}}"
        .formatted(id, text, more);
  }

  private static JsonNode call(String agent, String method, String params)
      throws IOException, InterruptedException {
    RunningNode.Answer answer = NODE.post("/a2a/" + agent, rpc(method, params));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().path("id").asText()).isEqualTo("x");
    return answer.json();
  }

  private static String state(JsonNode task) {
    return task.path("status").path("state").asText();
  }

  private static String text(JsonNode task) {
    return task.path("artifacts").path(0).path("parts").path(0).path("text").asText();
  }

  @Test
  void shouldShowACardOfEachAgent() throws Exception {
    JsonNode first = NODE.get("/.well-known/agent-card.json").json();
    assertThat(first.path("name").asText()).isEqualTo("assistant");
    assertThat(first.path("url").asText()).isEqualTo(NODE.door() + "/a2a/assistant");
    assertThat(first.path("capabilities").path("streaming").asBoolean()).isTrue();
    assertThat(first.path("skills").findValuesAsText("id")).contains("alarm_set");
    assertThat(first.has("security")).isFalse();
    JsonNode tester = NODE.get("/a2a/tester/.well-known/agent-card.json").json();
    assertThat(tester.path("name").asText()).isEqualTo("tester");
    assertThat(NODE.get("/a2a/nobody/.well-known/agent-card.json").status()).isEqualTo(404);
  }

  @Test
  void shouldAnswerMessagesOfOneContextWithTasks() throws Exception {
    JsonNode hello =
        call("assistant", "message/send", message("m1", "hello", "")).path("result");
    assertThat(hello.path("kind").asText()).isEqualTo("task");
    assertThat(state(hello)).isEqualTo("completed");
    assertThat(text(hello)).isEqualTo("Hello there, how are you?");
    String context = hello.path("contextId").asText();
    JsonNode next = call(
            "assistant",
            "message/send",
            message("m2", "what alarms do I have", ",\"contextId\":\"" + context + "\""))
        .path("result");
    assertThat(next.path("contextId").asText()).isEqualTo(context);
    assertThat(NODE.get("/v1/sessions/" + context).json().path("turns").findValuesAsText("content"))
        .containsExactly("hello", "what alarms do I have");
    JsonNode again =
        call("assistant", "tasks/get", "{\"id\":\"" + hello.path("id").asText() + "\"}");
    assertThat(again.path("result")).isEqualTo(hello);
  }

  @Test
  void shouldActOnceOnAMessageThatIsSentTwice() throws Exception {
    String params = message("once", "wake me up at six am on sunday", "");
    JsonNode first = call("assistant", "message/send", params);
    assertThat(text(first.path("result"))).contains("Sunday");
    assertThat(call("assistant", "message/send", params)).isEqualTo(first);
    JsonNode events = NODE.get("/v1/agents/assistant/events").json().path("data");
    assertThat(StreamSupport.stream(events.spliterator(), false)
            .flatMap(event -> StreamSupport.stream(event.path("changes").spliterator(), false))
            .filter(change -> change.path("type").asText().equals("alarm-set")))
        .hasSize(1);
  }

  @Test
  void shouldStreamAnAnswer() throws Exception {
    List<String> events = NODE.stream(
        NODE.request("/a2a/assistant")
            .POST(java.net.http.HttpRequest.BodyPublishers.ofString(
                rpc("message/stream", message("s1", "slowly", ""))))
            .build(),
        data -> data.contains("\"final\":true"));
    List<JsonNode> results = events.stream().map(A2aRoutesTest::result).toList();
    assertThat(results.getFirst().path("kind").asText()).isEqualTo("task");
    assertThat(state(results.getFirst())).isEqualTo("working");
    assertThat(results.stream().filter(each -> each.path("append").asBoolean()))
        .hasSizeGreaterThan(2);
    JsonNode whole = results.get(results.size() - 2);
    assertThat(whole.path("artifact").path("parts").path(0).path("text").asText())
        .isEqualTo("one two three four five six seven eight nine ten");
    assertThat(whole.path("lastChunk").asBoolean()).isTrue();
    assertThat(state(results.getLast())).isEqualTo("completed");
  }

  private static JsonNode result(String event) {
    try {
      return RunningNode.JSON.readTree(event).path("result");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void shouldCancelATaskOnce() throws Exception {
    String params = message("c1", "never say anything", "")
        .replaceFirst("^\\{", "{\"configuration\":{\"blocking\":false},");
    JsonNode task = call("assistant", "message/send", params).path("result");
    assertThat(state(task)).isEqualTo("working");
    String id = "{\"id\":\"" + task.path("id").asText() + "\"}";
    assertThat(state(call("assistant", "tasks/get", id).path("result"))).isEqualTo("working");
    assertThat(state(call("assistant", "tasks/cancel", id).path("result"))).isEqualTo("canceled");
    assertThat(call("assistant", "tasks/cancel", id).path("error").path("code").asInt())
        .isEqualTo(-32002);
  }

  @Test
  void shouldTellWhatItRefuses() throws Exception {
    assertThat(error("tasks/list", "{}")).isEqualTo(-32601);
    assertThat(error("tasks/get", "{\"id\":\"a:b\"}")).isEqualTo(-32001);
    assertThat(error("tasks/get", "{\"id\":\"no/such\"}")).isEqualTo(-32001);
    assertThat(error("message/send", "{}")).isEqualTo(-32602);
    assertThat(error("message/send", message("r1", " ", ""))).isEqualTo(-32602);
    assertThat(error("message/send", message("r2", "hello", ",\"contextId\":\"no/such\"")))
        .isEqualTo(-32602);
    assertThat(error(
            "message/send",
            message("r3", "hello", "").replace("\"kind\":\"text\"", "\"kind\":\"file\"")))
        .isEqualTo(-32602);
    JsonNode failed = call("tester", "message/send", message("r4", "please throw", ""));
    assertThat(state(failed.path("result"))).isEqualTo("failed");
    assertThat(NODE.post("/a2a/nobody", rpc("tasks/get", "{}")).status()).isEqualTo(404);
    assertThat(NODE.post("/a2a/assistant", "[").code()).isEqualTo("malformed_json");
    assertThat(NODE.get("/a2a/assistant").status()).isEqualTo(405);
  }

  private static int error(String method, String params) throws IOException, InterruptedException {
    return call("assistant", method, params).path("error").path("code").asInt();
  }
}
