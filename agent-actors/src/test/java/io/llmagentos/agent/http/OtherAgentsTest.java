package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.http.Api;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Agents that ask each other and hand dialogues to each other. */
class OtherAgentsTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("");

  private static final Duration LIMIT = Duration.ofMinutes(2);

  @Test
  void shouldWaitWithTheAgentThatItAskedAndAnswerWithItsAnswer() throws Exception {
    JsonNode waiting = say("asks", "front", "t1", "ask the shop to refund D118");
    assertThat(waiting.path("status").asText()).isEqualTo("waiting");
    assertThat(waiting.path("answer").asText()).isEqualTo("refund waits for a person's approval.");
    assertThat(waiting.at("/tool_calls/0/status").asText()).isEqualTo("pending");
    assertThat(say("asks", "front", "t2", "hello").path("status").asText())
        .as("other turns go on")
        .isEqualTo("completed");
    JsonNode item = item("D118");
    JsonNode asked = session(item.path("session").asText());
    assertThat(asked.path("agent").asText()).isEqualTo("shop");
    assertThat(asked.at("/origin/session").asText()).isEqualTo("asks");
    await().atMost(LIMIT).until(() -> listed().contains("asks"));
    assertThat(listed()).doesNotContain(item.path("session").asText());

    NODE.post(
        "/v1/inbox/" + item.path("id").asText() + "/decision",
        "{\"decision\":\"approve\",\"hash\":\"%s\"}".formatted(item.path("hash").asText()));
    JsonNode done = awaitStatus("asks", "completed");
    assertThat(done.path("answer").asText()).isEqualTo("So: refund of D118 for 20.");
    assertThat(done.at("/tool_calls/0/status").asText()).isEqualTo("succeeded");
    assertThat(ShopTools.keys("refund", "D118")).hasSize(1);
  }

  @Test
  void shouldFailACallThatAsksInACircle() throws Exception {
    JsonNode turn = say("circle", "front", "t1", "ask front to ask front to wait");
    assertThat(turn.path("status").asText()).isEqualTo("failed");
    assertThat(turn.path("answer").asText()).contains("front > front");
  }

  @Test
  void shouldStopTheAgentThatItAsked() throws Exception {
    CompletableFuture<JsonNode> turn = CompletableFuture.supplyAsync(
        () -> say("stops", "front", "t1", "ask the shop to never end"));
    String asked = "sub-" + Api.sha256("local/local/stops/t1/call_0").substring(0, 40);
    await().atMost(LIMIT).until(() -> status(asked).equals("running"));
    NODE.post("/v1/sessions/stops/stop", "{}");
    assertThat(turn.get().path("status").asText()).isEqualTo("stopped");
    await().atMost(LIMIT).until(() -> status(asked).equals("stopped"));
  }

  @Test
  void shouldHandTheDialogueToAnotherAgentAndTakeItBack() throws Exception {
    JsonNode off = say("hands", "front", "t1", "hand me over");
    assertThat(off.path("answer").asText()).isEqualTo("'planner' goes on with the next message.");
    assertThat(session("hands").path("serving").asText()).isEqualTo("planner");
    assertThat(say("hands", "front", "t2", "look up H5").path("answer").asText())
        .as("a client that opens it with the first agent meets the other one")
        .isEqualTo("So: look_up of H5 for 0.");
    assertThat(say("hands", "front", "t3", "hand me back").path("answer").asText())
        .isEqualTo("Bye.");
    assertThat(session("hands").has("serving")).isFalse();
    assertThat(say("hands", "front", "t4", "look up H6").path("answer").asText())
        .isEqualTo("That is not for me.");
    assertThat(ShopTools.keys("look_up", "H6")).isEmpty();
  }

  private static JsonNode say(String session, String agent, String turn, String text) {
    try {
      assertThat(NODE.post(
                  "/v1/sessions", "{\"agent\":\"%s\",\"id\":\"%s\"}".formatted(agent, session))
              .status())
          .isEqualTo(201);
      return NODE.post(
              "/v1/sessions/" + session + "/messages",
              "{\"turn_id\":\"%s\",\"content\":\"%s\"}".formatted(turn, text))
          .json();
    } catch (IOException | InterruptedException e) {
      throw new CompletionException(e);
    }
  }

  private static List<String> listed() throws IOException, InterruptedException {
    return NODE.get("/v1/sessions").json().path("data").findValuesAsText("id");
  }

  private static JsonNode session(String id) throws IOException, InterruptedException {
    return NODE.get("/v1/sessions/" + id).json();
  }

  private static String status(String session) throws IOException, InterruptedException {
    return session(session).at("/turns/0/status").asText();
  }

  private static JsonNode awaitStatus(String session, String status) {
    return await()
        .atMost(LIMIT)
        .until(
            () -> session(session).path("turns").path(0),
            turn -> turn.path("status").asText().equals(status));
  }

  private static JsonNode item(String order) {
    return await()
        .atMost(LIMIT)
        .until(
            () -> {
              for (JsonNode item : NODE.get("/v1/inbox").json().path("data")) {
                if (item.path("arguments").toString().contains(order)) {
                  return Optional.of(item);
                }
              }
              return Optional.<JsonNode>empty();
            },
            Optional::isPresent)
        .orElseThrow();
  }
}
