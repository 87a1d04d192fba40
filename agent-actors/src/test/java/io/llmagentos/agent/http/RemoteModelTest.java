package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.chat.ChatRequest;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A node whose models are another node's, by way of the other's OpenAI door. */
class RemoteModelTest {
  private static final String ALARM = """
      {"type":"function","function":{"name":"alarm_set","parameters":
        {"type":"object","properties":{"time":{"type":"string"},"date":{"type":"string"}}}}}""";
  private static final String CALENDAR = """
      {"type":"function","function":{"name":"calendar_set","parameters":
        {"type":"object","properties":{"date":{"type":"string"}}}}}""";

  @SuppressWarnings("NullAway.Init")
  private static RunningNode serving;

  @SuppressWarnings("NullAway.Init")
  private static RunningNode asking;

  private static RunningNode askingOf(RunningNode node) throws IOException {
    return new RunningNode("""
        llmagentos.agent.model = nano-there
        llmagentos.model {
          nano = off
          models {
            nano-there { kind = openai, base-url = "%1$s/v1", model = agentos-nano }
            scripted-there { kind = openai, base-url = "%1$s/v1", model = scripted }
            unheard-of { kind = openai, base-url = "%1$s/v1", model = gpt-0 }
            impatient { kind = openai, base-url = "%1$s/v1", model = scripted, timeout = 1s }
          }
        }
        """.formatted(node.door())).start();
  }

  @BeforeAll
  static void start() throws IOException {
    serving = new RunningNode("llmagentos.model.nano = on").start();
    asking = askingOf(serving);
  }

  @AfterAll
  static void stop() throws Exception {
    asking.stop();
    serving.stop();
  }

  private static String ask(String model, String text, String more) {
    return "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]%s}"
        .formatted(model, text, more.isEmpty() ? "" : "," + more);
  }

  private static JsonNode say(RunningNode node, String session, String text)
      throws IOException, InterruptedException {
    node.post("/v1/sessions", "{\"agent\":\"assistant\",\"id\":\"%s\"}".formatted(session));
    return node.post(
            "/v1/sessions/" + session + "/messages",
            "{\"turn_id\":\"%s\",\"content\":\"%s\"}".formatted(text.replace(' ', '-'), text))
        .json();
  }

  @Test
  void shouldActOnWhatTheOtherNodesModelUnderstood() throws Exception {
    JsonNode turn = say(asking, "acting", "wake me up at nine am on friday");
    assertThat(turn.path("status").asText()).as("%s", turn).isEqualTo("completed");
    assertThat(turn.path("answer").asText()).contains("Friday").contains("9:00 AM");
    assertThat(changes(asking)).containsOnlyOnce("alarm-set");
    assertThat(changes(serving)).isEmpty();
    List<ChatRequest> asked = serving.models().asked("wake me up at nine am on friday");
    assertThat(asked).hasSize(1);
    assertThat(asked.getFirst().tools()).extracting("name").contains("alarm_set", "book_flight");
    assertThat(say(asking, "acting", "what alarms do I have").path("answer").asText())
        .contains("Friday")
        .contains("9:00 AM");
    assertThat(say(asking, "acting", "book me a flight to mars").path("answer").asText())
        .contains("booking a flight")
        .contains("no tool for that is connected");
  }

  private static List<String> changes(RunningNode node) throws IOException, InterruptedException {
    JsonNode events = node.get("/v1/agents/assistant/events").json().path("data");
    return StreamSupport.stream(events.spliterator(), false)
        .flatMap(event -> StreamSupport.stream(event.path("changes").spliterator(), false))
        .map(change -> change.path("type").asText())
        .toList();
  }

  @Test
  void shouldCallTheSameWithTheSameUsage() throws Exception {
    for (String tools : List.of(
        "\"tools\":[" + ALARM + "," + CALENDAR + "]",
        "\"tools\":[" + CALENDAR + "],\"tool_choice\":\"required\"",
        "\"tools\":[" + ALARM + "," + CALENDAR
            + "],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"calendar_set\"}}")) {
      JsonNode there = serving
          .complete(ask("agentos-nano", "wake me up at seven am on friday", tools))
          .json();
      JsonNode here = asking
          .complete(ask("nano-there", "wake me up at seven am on friday", tools))
          .json();
      assertThat(call(here)).isEqualTo(call(there));
      assertThat(call(here).path("arguments").asText()).contains("friday");
      assertThat(call(here).path("name").asText())
          .isEqualTo(tools.contains("choice") ? "calendar_set" : "alarm_set");
      assertThat(here.path("usage")).isEqualTo(there.path("usage"));
      assertThat(here.path("usage").path("completion_tokens").asInt()).isGreaterThan(2);
      assertThat(here.path("system_fingerprint")).isEqualTo(there.path("system_fingerprint"));
    }
  }

  private static JsonNode call(JsonNode completion) {
    return completion
        .path("choices")
        .path(0)
        .path("message")
        .path("tool_calls")
        .path(0)
        .path("function");
  }

  @Test
  void shouldStreamAsTheOtherNodeSpeaks() throws Exception {
    List<JsonNode> chunks = asking.chunks(ask(
        "scripted-there", "slowly", "\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
    List<String> said = chunks.stream()
        .map(
            chunk -> chunk.path("choices").path(0).path("delta").path("content").asText())
        .filter(text -> !text.isEmpty())
        .toList();
    assertThat(said).hasSizeGreaterThan(5);
    assertThat(said.stream().collect(Collectors.joining()))
        .isEqualTo("one two three four five six seven eight nine ten");
    assertThat(chunks
            .get(chunks.size() - 2)
            .path("usage")
            .path("completion_tokens")
            .asInt())
        .isEqualTo(10);
  }

  @Test
  void shouldPassOnWhatTheOtherNodeRefuses() throws Exception {
    assertRefused("scripted-there", "too long", 400, "context_length_exceeded");
    assertRefused("scripted-there", "break off", 500, "model_failed");
    assertRefused("unheard-of", "hello", 404, "model_not_found");
    RunningNode.Answer full = assertRefused("scripted-there", "too many", 429, "queue_full");
    assertThat(full.header("retry-after")).isNotEmpty();
  }

  private static RunningNode.Answer assertRefused(
      String model, String text, int status, String code) throws IOException, InterruptedException {
    RunningNode.Answer answer = asking.complete(ask(model, text, ""));
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.code()).isEqualTo(code);
    assertThat(answer.error().path("message").asText()).contains(model);
    return answer;
  }

  @Test
  void shouldTellWhenTheOtherNodeDoesNotAnswerInTime() throws Exception {
    RunningNode.Answer answer = asking.complete(ask("impatient", "never", ""));
    assertThat(answer.status()).as(answer.body()).isEqualTo(504);
    assertThat(answer.code()).isEqualTo("deadline_exceeded");
  }

  @Test
  void shouldEndTheTurnWhenTheOtherNodeIsGone() throws Exception {
    RunningNode gone = new RunningNode("llmagentos.model.nano = on").start();
    RunningNode left = askingOf(gone);
    try {
      assertThat(say(left, "left", "what alarms do I have").path("status").asText())
          .isEqualTo("completed");
      gone.stop();
      JsonNode turn = say(left, "left", "wake me up at nine am on friday");
      assertThat(turn.path("status").asText()).isEqualTo("failed");
      assertThat(turn.path("error").asText()).as("%s", turn).isEqualTo("unavailable");
      assertThat(changes(left)).isEmpty();
      RunningNode.Answer answer = left.complete(ask("nano-there", "hello", ""));
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.code()).isEqualTo("unavailable");
    } finally {
      left.stop();
    }
  }
}
