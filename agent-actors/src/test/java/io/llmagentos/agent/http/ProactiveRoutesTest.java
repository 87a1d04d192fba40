package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Agents that are woken, on a node with a journal, whose clock the tests move and which stops and starts. */
class ProactiveRoutesTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String DEFINITION = """
      name: herald
      model: scripted
      outOfScope: "That is not for me."
      unconnected: "No tool for {what} is connected."
      schedules:
        - {id: weekly, every: 7d, text: "hello {late}", session: weekly}
        - {id: others, cron: "0 7 * * *", zone: Europe/Berlin, text: hello, for: [local/alice]}
      """;

  private static final MovableClock CLOCK = new MovableClock();

  @TempDir
  private static Path definitions;

  @SuppressWarnings("NullAway.Init")
  private static RunningNode node;

  @BeforeAll
  static void start() throws IOException {
    Files.writeString(definitions.resolve("herald.yaml"), DEFINITION);
    node = new RunningNode("llmagentos.agent.definitions = \"" + definitions + "\"", CLOCK).start();
  }

  @AfterAll
  static void stop() throws Exception {
    node.stop();
  }

  private static List<JsonNode> turns(String session) throws IOException, InterruptedException {
    return list(node.get("/v1/sessions/" + session).json().path("turns"));
  }

  private static List<JsonNode> list(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).toList();
  }

  private static void awaitTurns(String session, int count) {
    await(count + " turns in " + session)
        .atMost(PATIENCE)
        .until(() -> turns(session).stream()
                .filter(turn -> turn.path("status").asText().equals("completed"))
                .count()
            == count);
  }

  private static RunningNode.Answer schedule(String body) throws IOException, InterruptedException {
    return node.post("/v1/agents/assistant/schedules", body);
  }

  @Test
  void shouldWakeOnceThroughRestartsAndAClockThatJumps() throws Exception {
    RunningNode.Answer set = schedule(
        "{\"id\":\"hourly\",\"every\":\"1h\",\"text\":\"hello {late}\",\"session\":\"hourly\"}");
    assertThat(set.status()).as(set.body()).isEqualTo(201);
    assertThat(set.json().path("every").asText()).isEqualTo("PT1H");
    await("what the definition declares")
        .atMost(PATIENCE)
        .until(() -> node.get("/v1/agents/herald/schedules").body().contains("weekly"));
    assertThat(node.get("/v1/agents/herald/schedules").json().path("data").findValuesAsText("id"))
        .containsExactly("weekly");

    CLOCK.move(Duration.ofMinutes(61));
    awaitTurns("hourly", 1);
    node.stop();
    CLOCK.move(Duration.ofHours(5));
    node.startAgain();
    awaitTurns("hourly", 2);
    JsonNode late = turns("hourly").getLast();
    assertThat(late.path("content").asText()).matches("hello 4 h \\d+ min late, 4 more missed");
    assertThat(late.path("answer").asText()).isEqualTo("Hello there, how are you?");

    CLOCK.move(Duration.ofHours(-3));
    node.stop();
    node.startAgain();
    CLOCK.move(Duration.ofHours(3));
    event("after-the-jump");
    awaitTurns("jumps", 1);
    assertThat(turns("hourly")).as("none came twice").hasSize(2);
    CLOCK.move(Duration.ofMinutes(60));
    awaitTurns("hourly", 3);

    assertThat(node.get("/v1/agents/assistant/events").json().path("data").findValuesAsText("due"))
        .doesNotHaveDuplicates()
        .hasSizeGreaterThanOrEqualTo(4);
    CLOCK.move(Duration.ofDays(7));
    awaitTurns("weekly", 1);
  }

  private static RunningNode.Answer event(String key) throws IOException, InterruptedException {
    return node.post(
        "/v1/agents/assistant/events",
        "{\"key\":\"%s\",\"text\":\"hello\",\"data\":{\"order\":7},\"session\":\"jumps\"}"
            .formatted(key));
  }

  @Test
  void shouldMakeOneTurnOfAnEventThatIsToldTwice() throws Exception {
    String event = "{\"key\":\"order 7 shipped\",\"data\":{\"order\":7}}";
    RunningNode.Answer once = node.post("/v1/agents/till/events", event);
    RunningNode.Answer again = node.post("/v1/agents/assistant/events", event);
    assertThat(once.status()).isEqualTo(404);
    assertThat(again.status()).as(again.body()).isEqualTo(202);
    assertThat(node.post("/v1/agents/assistant/events", event).body()).isEqualTo(again.body());
    awaitTurns("proactive-assistant", 1);
    JsonNode turn = turns("proactive-assistant").getFirst();
    assertThat(turn.path("content").asText()).isEqualTo("{\"order\":7}");
    assertThat(turn.path("id").asText()).isEqualTo(again.json().path("turn_id").asText());
  }

  @Test
  void shouldListAndDeleteSchedules() throws Exception {
    JsonNode set = schedule("{\"id\":\"gone\",\"cron\":\"0 7 * * 1-5\",\"text\":\"hello\"}")
        .json();
    assertThat(set.path("zone").asText()).isEqualTo("Europe/Berlin");
    assertThat(set.path("session").asText()).isEqualTo("proactive-assistant");
    assertThat(set.path("next").asText()).matches(".*T0[56]:00:00Z");
    RunningNode.Answer deleted = delete("gone");
    assertThat(deleted.status()).isEqualTo(200);
    assertThat(deleted.body()).doesNotContain("\"gone\"");
    assertThat(delete("gone").status()).isEqualTo(404);
  }

  /** As in dialogues, a user is a subject of its own: with its own schedules, and a session of its own to be woken in. */
  @Test
  void shouldWakeTheAgentOfAUser() throws Exception {
    JsonNode set = schedule(
            "{\"id\":\"users\",\"every\":\"8000h\",\"text\":\"hello\",\"user\":\"bob\"}")
        .json();
    assertThat(set.path("session").asText()).matches("proactive-assistant-[0-9a-f-]{36}");
    assertThat(node.get("/v1/agents/assistant/schedules").body()).doesNotContain("\"users\"");
    assertThat(node.get("/v1/agents/assistant/schedules?user=bob").body()).contains("\"users\"");
    assertThat(delete("users").status()).isEqualTo(404);
    assertThat(delete("users?user=bob").status()).isEqualTo(200);

    JsonNode event = node.post(
            "/v1/agents/assistant/events",
            "{\"key\":\"order 8\",\"text\":\"wake me up at nine am on friday\",\"user\":\"bob\"}")
        .json();
    assertThat(event.path("session")).isEqualTo(set.path("session"));
    awaitTurns(event.path("session").asText(), 1);
    assertThat(node.get("/v1/agents/assistant/events?user=bob").body()).contains("alarm-set");
    assertThat(node.get("/v1/agents/assistant/events").body()).doesNotContain("alarm-set");
  }

  private static RunningNode.Answer delete(String id) throws IOException, InterruptedException {
    return node.send(
        node.request("/v1/agents/assistant/schedules/" + id).DELETE().build());
  }

  @Test
  void shouldSayWhatIsWrong() throws Exception {
    Map<String, String> params = Map.of(
        "{\"text\":\"x\"}", "cron",
        "{\"text\":\"x\",\"cron\":\"0 7 * *\"}", "cron",
        "{\"text\":\"x\",\"every\":\"1ms\"}", "every",
        "{\"text\":\"x\",\"at\":\"2001-01-01T00:00:00Z\"}", "",
        "{\"text\":\"x\",\"at\":\"tomorrow\"}", "at",
        "{\"text\":\"x\",\"every\":\"1h\",\"zone\":\"Nowhere\"}", "zone",
        "{\"text\":\"x\",\"every\":\"1h\",\"id\":\"a/b\"}", "id",
        "{\"text\":\" \",\"every\":\"1h\"}", "text",
        "{\"every\":\"1h\"}", "text");
    for (Map.Entry<String, String> bad : params.entrySet()) {
      RunningNode.Answer refused = schedule(bad.getKey());
      assertThat(refused.code()).as(bad.getKey()).isEqualTo("invalid_request");
      assertThat(refused.error().path("param").asText(""))
          .as(refused.body())
          .isEqualTo(bad.getValue());
    }
    assertThat(node.post("/v1/agents/nobody/schedules", "{}").status()).isEqualTo(404);
    for (String bad : List.of(
        "{\"text\":\"x\"}",
        "{\"key\":\"k\"}",
        "{\"key\":\"k\",\"text\":\"x\",\"session\":\"a/b\"}")) {
      assertThat(node.post("/v1/agents/assistant/events", bad).code())
          .as(bad)
          .isEqualTo("invalid_request");
    }
  }
}
