package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.chat.ChatMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CompletionRoutesTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("");

  private static final String WEATHER = """
      {"type":"function","function":{"name":"get_weather","description":"Weather.","parameters":
        {"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}""";

  private static String ask(String model, String text, String more) {
    return "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]%s}"
        .formatted(model, text, more.isEmpty() ? "" : "," + more);
  }

  private static List<String> alarms(String user) throws IOException, InterruptedException {
    JsonNode events =
        NODE.get("/v1/agents/assistant/events?user=" + user).json().path("data");
    return StreamSupport.stream(events.spliterator(), false)
        .flatMap(event -> StreamSupport.stream(event.path("changes").spliterator(), false))
        .map(change -> change.path("type").asText())
        .toList();
  }

  @Test
  void shouldListModelsAndAgents() throws Exception {
    JsonNode list = NODE.get("/v1/models").json();
    assertThat(list.path("object").asText()).isEqualTo("list");
    assertThat(StreamSupport.stream(list.path("data").spliterator(), false)
            .collect(Collectors.toMap(
                model -> model.path("id").asText(),
                model -> model.path("owned_by").asText())))
        .containsEntry("assistant", "agent")
        .containsEntry("scripted", "model");
    assertThat(NODE.get("/v1/models/scripted").json().path("object").asText()).isEqualTo("model");
    RunningNode.Answer missing = NODE.get("/v1/models/a%2Fb");
    assertThat(missing.status()).isEqualTo(404);
    assertThat(missing.code()).isEqualTo("model_not_found");
    assertThat(missing.error().path("message").asText()).contains("a/b");
  }

  @Test
  void shouldCompleteInOpenAisShape() throws Exception {
    JsonNode body = NODE.complete(ask("scripted", "hello", "")).json();
    assertThat(body.path("id").asText()).startsWith("chatcmpl-");
    assertThat(body.path("object").asText()).isEqualTo("chat.completion");
    assertThat(body.path("created").asLong()).isPositive();
    assertThat(body.path("model").asText()).isEqualTo("scripted");
    assertThat(body.path("system_fingerprint").asText()).isEqualTo("script");
    assertThat(body.path("choices")).hasSize(1);
    JsonNode choice = body.path("choices").path(0);
    assertThat(choice.path("message").toString())
        .isEqualTo(
            "{\"role\":\"assistant\",\"content\":\"Hello there, how are you?\",\"refusal\":null}");
    assertThat(choice.path("finish_reason").asText()).isEqualTo("stop");
    assertThat(body.path("usage").toString())
        .isEqualTo("{\"prompt_tokens\":1,\"completion_tokens\":5,\"total_tokens\":6}");
  }

  @Test
  void shouldStreamInOpenAisShape() throws Exception {
    List<JsonNode> chunks = NODE.chunks(
        ask("scripted", "hello", "\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
    assertThat(chunks.getLast().asText()).isEqualTo("[DONE]");
    List<JsonNode> json = chunks.subList(0, chunks.size() - 1);
    assertThat(json.stream().map(chunk -> chunk.path("id").asText()).distinct()).hasSize(1);
    assertThat(json)
        .allMatch(chunk -> chunk.path("object").asText().equals("chat.completion.chunk"));
    assertThat(delta(json.getFirst()).path("role").asText()).isEqualTo("assistant");
    assertThat(json.stream()
            .map(chunk -> delta(chunk).path("content").asText())
            .collect(Collectors.joining()))
        .isEqualTo("Hello there, how are you?");
    JsonNode end = json.get(json.size() - 2);
    assertThat(end.path("choices").path(0).path("finish_reason").asText()).isEqualTo("stop");
    assertThat(end.path("usage").isNull()).isTrue();
    assertThat(json.getLast().path("choices")).isEmpty();
    assertThat(json.getLast().path("usage").path("total_tokens").asInt()).isEqualTo(6);
  }

  private static JsonNode delta(JsonNode chunk) {
    return chunk.path("choices").path(0).path("delta");
  }

  @Test
  void shouldCallTheClientsToolAndTakeItsResult() throws Exception {
    String tools = "\"tools\":[" + WEATHER + "]";
    JsonNode body = NODE.complete(ask("scripted", "weather in Berlin", tools)).json();
    JsonNode choice = body.path("choices").path(0);
    assertThat(choice.path("finish_reason").asText()).isEqualTo("tool_calls");
    assertThat(choice.path("message").path("content").isNull()).isTrue();
    JsonNode call = choice.path("message").path("tool_calls").path(0);
    assertThat(call.path("type").asText()).isEqualTo("function");
    assertThat(call.path("function").path("name").asText()).isEqualTo("get_weather");
    assertThat(call.path("function").path("arguments").asText()).isEqualTo("{\"city\":\"Berlin\"}");

    String id = call.path("id").asText();
    RunningNode.Answer second = NODE.complete("""
        {"model":"scripted","tools":[%s],"messages":[
          {"role":"user","content":"weather in Berlin"},
          {"role":"assistant","content":null,"tool_calls":[%s]},
          {"role":"tool","tool_call_id":"%s","content":"12 degrees"},
          {"role":"user","content":[{"type":"text","text":"hello"}]}]}""".formatted(WEATHER, call, id));
    assertThat(second.status()).isEqualTo(200);
    assertThat(NODE.models().asked("hello"))
        .anyMatch(request -> request.messages().size() == 4
            && request.messages().get(2).toolCallId().equals(id)
            && request.messages().get(1).toolCalls().getFirst().name().equals("get_weather"));
  }

  @Test
  void shouldStreamToolCallsByIndex() throws Exception {
    List<JsonNode> chunks = NODE.chunks(
        ask("scripted", "weather in Berlin", "\"stream\":true,\"tools\":[" + WEATHER + "]"));
    JsonNode call = chunks.stream()
        .filter(JsonNode::isObject)
        .map(chunk -> delta(chunk).path("tool_calls").path(0))
        .filter(JsonNode::isObject)
        .findFirst()
        .orElseThrow();
    assertThat(call.path("index").asInt(-1)).isZero();
    assertThat(call.path("function").path("name").asText()).isEqualTo("get_weather");
    assertThat(chunks
            .get(chunks.size() - 2)
            .path("choices")
            .path(0)
            .path("finish_reason")
            .asText())
        .isEqualTo("tool_calls");
  }

  @Test
  void shouldHonourToolChoiceStopAndLimit() throws Exception {
    String tools = "\"tools\":[" + WEATHER + "]";
    assertThat(reason(ask("scripted", "weather in Rome", tools + ",\"tool_choice\":\"none\"")))
        .isEqualTo("stop");
    assertThat(reason(ask("scripted", "anything", tools + ",\"tool_choice\":\"required\"")))
        .isEqualTo("tool_calls");
    assertThat(
            reason(
                ask(
                    "scripted",
                    "anything",
                    tools
                        + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}}")))
        .isEqualTo("tool_calls");
    JsonNode stopped = NODE.complete(ask("scripted", "hello", "\"stop\":[\", how\"],\"seed\":7"))
        .json()
        .path("choices")
        .path(0);
    assertThat(stopped.path("message").path("content").asText()).isEqualTo("Hello there");
    assertThat(reason(ask("scripted", "hello", "\"max_tokens\":2"))).isEqualTo("length");
    assertThat(NODE.models().asked("hello"))
        .anyMatch(request -> request.sampling().seed() == 7);
  }

  private static String reason(String body) throws IOException, InterruptedException {
    return NODE.complete(body)
        .json()
        .path("choices")
        .path(0)
        .path("finish_reason")
        .asText();
  }

  @Test
  void shouldTellAModelsRefusalsByStatus() throws Exception {
    for (String stream : List.of("\"stream\":false", "\"stream\":true")) {
      RunningNode.Answer tooLong = NODE.complete(ask("scripted", "too long", stream));
      assertThat(tooLong.status()).isEqualTo(400);
      assertThat(tooLong.code()).isEqualTo("context_length_exceeded");
      RunningNode.Answer tooMany = NODE.complete(ask("scripted", "too many", stream));
      assertThat(tooMany.status()).isEqualTo(429);
      assertThat(tooMany.header("retry-after")).isNotBlank();
      assertThat(tooMany.error().path("type").asText()).isEqualTo("rate_limit_error");
    }
  }

  @Test
  void shouldEndABrokenStreamWithAnErrorObject() throws Exception {
    List<JsonNode> chunks = NODE.chunks(ask("scripted", "break off", "\"stream\":true"));
    assertThat(chunks.getLast().path("error").path("code").asText()).isEqualTo("model_failed");
    assertThat(chunks.subList(0, chunks.size() - 1).stream()
            .map(chunk -> delta(chunk).path("content").asText())
            .collect(Collectors.joining()))
        .isEqualTo("so far and no ");
  }

  @Test
  void shouldCancelTheModelWhenTheClientLeaves() throws Exception {
    for (String stream : List.of("true", "false")) {
      String text = "slowly, stream " + stream;
      byte[] body = ask("scripted", text, "\"stream\":" + stream).getBytes(StandardCharsets.UTF_8);
      try (Socket socket =
          new Socket(InetAddress.getLoopbackAddress(), NODE.door().getPort())) {
        socket
            .getOutputStream()
            .write(
                ("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().write(body);
        socket.getOutputStream().flush();
        await("the model is asked").until(() -> !NODE.models().asked(text).isEmpty());
        await("a stream has begun")
            .until(() -> stream.equals("false") || socket.getInputStream().available() > 0);
      }
      await("the model hears that nobody listens")
          .atMost(Duration.ofSeconds(2))
          .until(() -> NODE.models().wasCancelled(text));
    }
  }

  @Test
  void shouldActForThePrincipalWhenTheModelIsAnAgent() throws Exception {
    String body = ask("assistant", "wake me up at nine am on friday", "\"user\":\"acts\"");
    JsonNode answer = NODE.complete(body).json();
    JsonNode message = answer.path("choices").path(0).path("message");
    assertThat(message.path("content").asText()).containsIgnoringCase("friday");
    assertThat(message.has("tool_calls")).isFalse();
    assertThat(answer.path("choices").path(0).path("finish_reason").asText()).isEqualTo("stop");
    assertThat(answer.path("model").asText()).isEqualTo("assistant");
    assertThat(alarms("acts")).containsExactly("alarm-set");
    assertThat(alarms("somebody-else")).isEmpty();

    List<JsonNode> chunks =
        NODE.chunks(ask("assistant", "what alarms do I have", "\"user\":\"acts\",\"stream\":true"));
    assertThat(chunks.getLast().asText()).isEqualTo("[DONE]");
    assertThat(delta(chunks.get(0)).path("role").asText()).isEqualTo("assistant");
    assertThat(delta(chunks.get(1)).path("content").asText()).containsIgnoringCase("friday");
    assertThat(chunks.get(2).path("choices").path(0).path("finish_reason").asText())
        .isEqualTo("stop");
  }

  @Test
  void shouldGiveTheAgentsModelTheHistory() throws Exception {
    String body = """
        {"model":"assistant","user":"history","messages":[
          {"role":"developer","content":"Be brief."},
          {"role":"user","content":"I am in the kitchen"},
          {"role":"assistant","content":"Noted."},
          {"role":"user","content":"hello from the kitchen"}]}""";
    assertThat(NODE.complete(body)
            .json()
            .path("choices")
            .path(0)
            .path("message")
            .path("content")
            .asText())
        .isEqualTo("Hello there, how are you?");
    assertThat(NODE.models().asked("hello from the kitchen").getFirst().messages())
        .containsExactly(
            ChatMessage.system("Be brief."),
            ChatMessage.user("I am in the kitchen"),
            ChatMessage.assistant("Noted."),
            ChatMessage.user("hello from the kitchen"));
  }

  @Test
  void shouldAnswerARetryFromTheRecordAndTheSameLaterAnew() throws Exception {
    String body = ask("assistant", "wake me up at six am on sunday", "\"user\":\"retries\"");
    RunningNode.Answer first = NODE.complete(body);
    RunningNode.Answer second = NODE.complete(body.replace("{\"model\"", "{ \"x\": 1, \"model\""));
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(NODE.chunks(body.replace("{\"model\"", "{\"stream\":true,\"model\""))
            .getFirst()
            .path("id"))
        .isEqualTo(first.json().path("id"));
    assertThat(alarms("retries")).hasSize(1);

    await("the end of the retry window")
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(() -> assertThat(NODE.complete(body).json().path("id"))
            .isNotEqualTo(first.json().path("id")));
    assertThat(NODE.models().asked("wake me up at six am on sunday")).hasSize(2);
  }

  @Test
  void shouldJoinTheTurnThatStillRuns() throws Exception {
    String body = ask("assistant", "count slowly", "\"user\":\"joins\"");
    var requests = List.of(NODE.streaming(body), NODE.streaming(body));
    var answers = requests.stream()
        .map(request ->
            NODE.client().sendAsync(request, java.net.http.HttpResponse.BodyHandlers.ofString()))
        .toList();
    assertThat(answers.stream()
            .map(CompletableFuture::join)
            .map(answer -> answer.body())
            .distinct())
        .hasSize(1);
    assertThat(NODE.models().asked("count slowly")).hasSize(1);
  }

  @Test
  void shouldKeepAnIdempotencyKeysAnswerAndRefuseAnother() throws Exception {
    String body = ask("assistant", "wake me up at seven am on monday", "\"user\":\"keyed\"");
    RunningNode.Answer first = NODE.complete(body, "Idempotency-Key", "k1");
    assertThat(NODE.complete(body, "Idempotency-Key", "k1").body()).isEqualTo(first.body());
    assertThat(alarms("keyed")).hasSize(1);
    RunningNode.Answer other = NODE.complete(
        ask("assistant", "what alarms do I have", "\"user\":\"keyed\""), "Idempotency-Key", "k1");
    assertThat(other.status()).isEqualTo(409);
    assertThat(other.code()).isEqualTo("conflict");
    assertThat(NODE.complete(body, "Idempotency-Key", "k2").json().path("id"))
        .isNotEqualTo(first.json().path("id"));
  }

  @Test
  void shouldNotListSessionsOfCompletions() throws Exception {
    NODE.complete(ask("assistant", "hello unlisted", ""));
    NODE.post("/v1/sessions", "{\"agent\":\"assistant\",\"id\":\"listed\"}");
    await("the list").until(() -> NODE.get("/v1/sessions").body().contains("\"id\":\"listed\""));
    assertThat(NODE.get("/v1/sessions").body()).doesNotContain("cmp-");
  }

  @Test
  void shouldRefuseToolsForAnAgent() throws Exception {
    RunningNode.Answer answer =
        NODE.complete(ask("assistant", "weather in Berlin", "\"tools\":[" + WEATHER + "]"));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("tools_not_allowed");
    assertThat(answer.error().path("param").asText()).isEqualTo("tools");
  }

  @Test
  void shouldAnswerAnAgentsFailureByStatus() throws Exception {
    RunningNode.Answer hangs = NODE.complete(ask("tester", "please hang", ""));
    assertThat(hangs.status()).isEqualTo(500);
    assertThat(hangs.code()).isEqualTo("tool_failed");
    RunningNode.Answer late = NODE.complete(ask("tester", "what alarms are set", ""));
    assertThat(late.status()).isEqualTo(200);
  }
}
