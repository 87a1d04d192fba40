package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a client sees of budgets of turns and sessions. */
class BudgetDoorTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("""
      llmagentos.agent.budget { prices { scripted { input = 1, output = 1000 } }, tool-prices { look_up = 0.25 } }
      """);

  @Test
  void shouldStopATurnThatNeedsAnotherStepAndSayWhy() throws Exception {
    open("steps", "frugal");
    JsonNode turn = say("steps", "t1", "look up A1");
    assertThat(turn.path("status").asText()).as("%s", turn).isEqualTo("budget_exceeded");
    assertThat(turn.path("error").asText()).isEqualTo("budget_exceeded");
    assertThat(turn.path("tool_calls").path(0).path("result").asText())
        .as("what is done stays done")
        .isEqualTo("look_up of A1 for 0");
    assertThat(turn.path("budget_exceeded")).isEqualTo(RunningNode.JSON.readTree("""
        {"scope":"turn","quantity":"steps","limit":"1","used":"1","key":"budget.turn.steps",
         "message":"The budget of this turn does not suffice: 1 of 1 steps are used (budget.turn.steps)."}"""));
    assertThat(turn.path("answer")).isEqualTo(turn.path("budget_exceeded").path("message"));
    JsonNode usage = turn.path("usage");
    assertThat(usage.path("steps").asInt()).isEqualTo(1);
    assertThat(usage.path("tool_calls").asInt()).isEqualTo(1);
    assertThat(usage.path("total_tokens").asInt()).as("three words and a call").isEqualTo(4);
    assertThat(usage.path("cost").decimalValue()).hasToString("0.251003");
    assertThat(NODE.models().asked("look up A1")).hasSize(1);

    JsonNode next = say("steps", "t2", "hello");
    assertThat(next.path("status").asText()).as("another turn").isEqualTo("completed");
    JsonNode session = NODE.get("/v1/sessions/steps").json();
    assertThat(session.path("usage").path("steps").asInt()).isEqualTo(2);
    assertThat(session.path("turns").path(0)).isEqualTo(turn);
  }

  @Test
  void shouldMakeNoCallOverTheLimit() throws Exception {
    open("calls", "handless");
    JsonNode turn = say("calls", "t1", "charge B1");
    assertThat(turn.path("budget_exceeded").path("quantity").asText()).isEqualTo("tool_calls");
    assertThat(ShopTools.keys("charge", "B1")).isEmpty();
  }

  @Test
  void shouldCutAnAnswerToTheTokensThatAreLeft() throws Exception {
    open("tokens", "terse");
    JsonNode turn = say("tokens", "t1", "slowly");
    assertThat(turn.path("status").asText()).isEqualTo("budget_exceeded");
    assertThat(turn.path("answer").asText()).isEqualTo("one two three four five six ");
    assertThat(turn.path("budget_exceeded").path("used").asText()).isEqualTo("7");

    assertThat(say("tokens", "t2", "hello").path("status").asText()).isEqualTo("completed");
    JsonNode third = say("tokens", "t3", "hello again");
    assertThat(third.path("budget_exceeded").path("scope").asText()).isEqualTo("session");
    assertThat(third.path("budget_exceeded").path("key").asText())
        .isEqualTo("budget.session.steps");
    assertThat(NODE.models().asked("hello again")).isEmpty();
  }

  @Test
  void shouldStopTheModelWhenTheTimeIsUp() throws Exception {
    open("time", "hasty");
    List<String> events = NODE.stream(
        NODE.request("/v1/sessions/time/messages")
            .POST(HttpRequest.BodyPublishers.ofString(
                "{\"turn_id\":\"t1\",\"content\":\"at length, please\",\"stream\":true}"))
            .build(),
        data -> false);
    JsonNode last = RunningNode.JSON.readTree(events.getLast());
    assertThat(last.path("status").asText()).as("%s", events).isEqualTo("budget_exceeded");
    assertThat(last.path("budget_exceeded").path("quantity").asText()).isEqualTo("wall_time");
    assertThat(last.path("usage").path("wall_time_ms").asLong()).isGreaterThanOrEqualTo(2000);
    await("the model is told to stop").until(() -> NODE.models().wasCancelled("at length, please"));
  }

  @Test
  void shouldStopTheModelWithTheTurn() throws Exception {
    open("stopped", "assistant");
    var answer = NODE.client()
        .sendAsync(
            NODE.request("/v1/sessions/stopped/messages")
                .POST(HttpRequest.BodyPublishers.ofString(
                    "{\"turn_id\":\"t1\",\"content\":\"at length now\"}"))
                .build(),
            java.net.http.HttpResponse.BodyHandlers.ofString());
    await("the model is asked")
        .until(() -> !NODE.models().asked("at length now").isEmpty());
    assertThat(NODE.post("/v1/sessions/stopped/stop", "").json().path("status").asText())
        .isEqualTo("stopped");
    await("the model is told to stop").until(() -> NODE.models().wasCancelled("at length now"));
    assertThat(RunningNode.JSON.readTree(answer.join().body()).path("status").asText())
        .isEqualTo("stopped");
  }

  @Test
  void shouldTellOpenAiClientsInTheirWords() throws Exception {
    String ask =
        "{\"model\":\"frugal\",\"messages\":[{\"role\":\"user\",\"content\":\"look up C1\"}]%s}";
    RunningNode.Answer answer = NODE.complete(ask.formatted(""));
    assertThat(answer.status()).isEqualTo(200);
    JsonNode choice = answer.json().path("choices").path(0);
    assertThat(choice.path("finish_reason").asText()).isEqualTo("length");
    assertThat(choice.path("message").path("content").asText()).contains("budget.turn.steps");
    assertThat(answer.json().path("budget_exceeded").path("quantity").asText()).isEqualTo("steps");
    assertThat(answer.json().path("usage").path("total_tokens").asInt()).isEqualTo(4);
    List<JsonNode> chunks = NODE.chunks(ask.formatted(",\"stream\":true,\"user\":\"another\""));
    assertThat(chunks.stream()
            .filter(chunk -> chunk.path("choices").path(0).path("finish_reason").isTextual())
            .map(chunk -> chunk.path("budget_exceeded").path("scope").asText()))
        .containsExactly("turn");
  }

  @Test
  void shouldHaveNothingToSayOfAccountsThatNobodyLimits() throws Exception {
    assertThat(NODE.get("/v1/budget").json())
        .isEqualTo(RunningNode.JSON.readTree("{\"object\":\"budget\"}"));
  }

  private static void open(String session, String agent) throws IOException, InterruptedException {
    assertThat(
            NODE.post("/v1/sessions", "{\"agent\":\"%s\",\"id\":\"%s\"}".formatted(agent, session))
                .status())
        .isEqualTo(201);
  }

  private static JsonNode say(String session, String turn, String text)
      throws IOException, InterruptedException {
    return NODE.post(
            "/v1/sessions/" + session + "/messages",
            "{\"turn_id\":\"%s\",\"content\":\"%s\"}".formatted(turn, text))
        .json();
  }
}
