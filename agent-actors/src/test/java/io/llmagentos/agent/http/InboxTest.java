package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Calls that people decide about, from the request to its last answer. */
class InboxTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("");

  private static final Duration LIMIT = Duration.ofMinutes(2);

  @Test
  void shouldWaitForAPersonAndCallWithTheArgumentsThatWereApproved() throws Exception {
    JsonNode turn = say("approved", "shop", "t1", "refund A118");
    assertThat(turn.path("status").asText()).isEqualTo("waiting");
    assertThat(turn.path("answer").asText()).isEqualTo("refund waits for a person's approval.");
    assertThat(statuses(turn)).isEqualTo("look_up succeeded, refund awaiting_approval");
    assertThat(say("approved", "shop", "t2", "hello").path("status").asText())
        .as("other turns go on")
        .isEqualTo("completed");

    JsonNode item = item("A118");
    assertThat(item.path("kind").asText()).isEqualTo("approval");
    assertThat(item.path("tool").asText()).isEqualTo("refund");
    assertThat(item.path("session").asText()).isEqualTo("approved");
    assertThat(item.path("turn_id").asText()).isEqualTo("t1");
    assertThat(Instant.parse(item.path("expires").asText()))
        .isEqualTo(Instant.parse(item.path("since").asText()).plus(Duration.ofHours(1)));
    RunningNode.Answer stale = decide(item, "\"approve\",\"hash\":\"00\"");
    assertThat(stale.status()).isEqualTo(409);
    assertThat(stale.error().path("message").asText())
        .contains("00", item.path("hash").asText());

    String less = "\"approve\",\"arguments\":{\"order\":\"A118\",\"amount\":10}";
    assertThat(decide(item, hashed(item, less)).status()).isEqualTo(200);
    JsonNode done = awaitStatus("approved", "t1", "completed");
    assertThat(done.path("answer").asText())
        .isEqualTo(
            "So: (a person changed the arguments to {\"order\":\"A118\",\"amount\":10}) refund of A118 for 10.");
    assertThat(ShopTools.keys("refund", "A118")).hasSize(1);

    assertThat(decide(item, hashed(item, less)).status()).as("again").isEqualTo(200);
    RunningNode.Answer other = decide(item, hashed(item, "\"deny\""));
    assertThat(other.status()).isEqualTo(409);
    assertThat(other.error().path("message").asText()).contains("approved by local");
    assertThat(ShopTools.keys("refund", "A118")).hasSize(1);
    await().atMost(LIMIT).until(() -> find("A118").isEmpty());
    assertThat(say("approved", "shop", "t1", "refund A118"))
        .as("the turn said again is answered from the journal")
        .isEqualTo(done);
  }

  @Test
  void shouldTellWatchersThatATurnWaitsAndThatItEnds() throws Exception {
    say("watched", "shop", "t1", "refund A119");
    say("watched", "shop", "t2", "hello");
    JsonNode item = item("A119");
    decide(item, hashed(item, "\"deny\",\"text\":\"Too much.\""));
    JsonNode done = awaitStatus("watched", "t1", "completed");
    assertThat(done.path("answer").asText())
        .isEqualTo("So: error: A person did not approve refund. Too much..");
    assertThat(ShopTools.keys("refund", "A119")).isEmpty();
    assertThat(NODE.stream(
            NODE.request("/v1/sessions/watched/events", "Last-Event-ID", "0").build(),
            data -> data.contains("Too much")))
        .as("two turns accepted, the later one finished before the one that waited")
        .satisfiesExactly(
            data -> assertThat(data).contains("t1"),
            data -> assertThat(data).contains("t2"),
            data -> assertThat(data).contains("\"id\":\"t2\"", "completed"),
            data -> assertThat(data).contains("\"id\":\"t1\"", "completed"));
    assertThat(NODE.stream(
                NODE.request("/v1/sessions/watched/messages")
                    .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"turn_id\":\"t3\",\"content\":\"refund A120\",\"stream\":true}"))
                    .build(),
                data -> false)
            .getLast())
        .as("the request's last event")
        .contains("\"status\":\"waiting\"", "awaiting_approval");
  }

  @Test
  void shouldStopATurnThatWaits() throws Exception {
    say("stopped", "shop", "t1", "refund A121");
    JsonNode item = item("A121");
    JsonNode stopped = NODE.post("/v1/sessions/stopped/stop?turn=t1", "").json();
    assertThat(stopped.path("status").asText()).isEqualTo("stopped");
    assertThat(statuses(stopped)).isEqualTo("look_up succeeded, refund cancelled");
    assertThat(decide(item, hashed(item, "\"approve\"")).status()).isEqualTo(409);
    await().atMost(LIMIT).until(() -> find("A121").isEmpty());
    assertThat(ShopTools.keys("refund", "A121")).isEmpty();
  }

  @Test
  void shouldLetAPersonSettleWhatNobodyKnows() throws Exception {
    JsonNode turn = say("settled", "shop", "t1", "charge broken1");
    assertThat(turn.path("status").asText()).isEqualTo("waiting");
    assertThat(statuses(turn)).isEqualTo("charge unknown");
    JsonNode item = item("broken1");
    assertThat(item.path("kind").asText()).isEqualTo("unknown");
    assertThat(item.path("reason").asText()).isEqualTo("charge failed");
    assertThat(decide(item, hashed(item, "\"approve\"")).status()).isEqualTo(409);

    assertThat(decide(item, hashed(item, "\"retry\"")).status()).isEqualTo(200);
    await().atMost(LIMIT).until(() -> ShopTools.keys("charge", "broken1").size() == 2);
    assertThat(ShopTools.keys("charge", "broken1"))
        .as("one key")
        .containsOnly(ShopTools.keys("charge", "broken1").getFirst());
    assertThat(decide(item, hashed(item, "\"retry\"")).status()).as("again").isEqualTo(200);
    await("the second outcome is unknown, too")
        .atMost(LIMIT)
        .until(() -> find("broken1")
            .filter(second -> !second.path("id").equals(item.path("id")))
            .isPresent());
    JsonNode second = item("broken1");
    assertThat(
            decide(second, hashed(second, "\"happened\",\"text\":\"charge of broken1, I looked\""))
                .status())
        .isEqualTo(200);
    assertThat(awaitStatus("settled", "t1", "completed").path("answer").asText())
        .isEqualTo("So: charge of broken1, I looked.");
    assertThat(ShopTools.keys("charge", "broken1")).hasSize(2);
  }

  @Test
  void shouldTellTheModelWhatAToolRefused() throws Exception {
    JsonNode turn = say("refused", "shop", "t1", "charge sold1");
    assertThat(turn.path("status").asText()).isEqualTo("completed");
    assertThat(turn.path("answer").asText()).isEqualTo("So: error: order sold1 is sold out.");
    assertThat(statuses(turn)).isEqualTo("charge failed");
  }

  @Test
  void shouldDoWithAToolWhatTheDefinitionSays() throws Exception {
    JsonNode asked = say("defined", "till", "t1", "charge held2");
    assertThat(statuses(asked)).as("this agent asks first").isEqualTo("charge awaiting_approval");
    CountDownLatch held = ShopTools.hold("held2");
    JsonNode item = item("held2");
    decide(item, hashed(item, "\"approve\""));
    await("its time is up")
        .atMost(LIMIT)
        .until(() -> find("held2")
            .filter(second -> second.path("kind").asText().equals("unknown"))
            .isPresent());
    assertThat(item("held2").path("reason").asText()).contains("did not return within PT2S");
    held.countDown();

    JsonNode refunded = say("defined", "till", "t2", "refund broken3");
    assertThat(refunded.path("status").asText()).isEqualTo("failed");
    assertThat(refunded.path("answer").asText())
        .as("a repeatable tool fails, its outcome is not unknown; the tools answer for themselves")
        .isEqualTo(
            "Sorry, that did not work: look_up failed\nSorry, that did not work: refund failed");
  }

  @Test
  void shouldMakeAStoppedCallUnknownUntilItsReceiptComes() throws Exception {
    CountDownLatch held = ShopTools.hold("held4");
    open("left", "shop");
    var turn = NODE.client()
        .sendAsync(
            NODE.request("/v1/sessions/left/messages")
                .POST(HttpRequest.BodyPublishers.ofString(
                    "{\"turn_id\":\"t1\",\"content\":\"charge held4\"}"))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    await("the charge runs")
        .atMost(LIMIT)
        .until(() -> !ShopTools.keys("charge", "held4").isEmpty());
    JsonNode stopped = NODE.post("/v1/sessions/left/stop", "").json();
    assertThat(stopped.path("status").asText()).isEqualTo("stopped");
    assertThat(statuses(stopped)).isEqualTo("charge unknown");
    assertThat(turn.join().body()).contains("stopped");
    JsonNode item = item("held4");
    assertThat(decide(item, hashed(item, "\"retry\"")).status())
        .as("of a stopped turn")
        .isEqualTo(409);
    assertThat(decide(item, hashed(item, "\"did_not_happen\""))
            .json()
            .path("status")
            .asText())
        .isEqualTo("stopped");
    held.countDown();
    assertThat(ShopTools.keys("charge", "held4")).hasSize(1);
  }

  /** A week forward while a call waits for a person, a week forward while a model speaks, and back to where it began. */
  @Test
  void shouldExpireAnApprovalOnceThroughAClockThatJumps() throws Exception {
    MovableClock clock = MovableClock.onMonday();
    RunningNode jumping = new RunningNode("""
        llmagentos.agent.budget { principal { per = day, steps = 4 }, lease { steps = 1 }, lease-time = 1s }
        """, clock).start();
    try {
      say(jumping, "late", "shop", "t1", "refund A122");
      say(jumping, "alarm", "assistant", "t1", "wake me up at nine am on friday");
      JsonNode item = await("the inbox")
          .atMost(LIMIT)
          .until(
              () -> jumping.get("/v1/inbox").json().path("data").path(0), each -> each.has("id"));
      await("the day's budget is used up").atMost(LIMIT).until(() -> {
        say(jumping, "day", "assistant", UUID.randomUUID().toString(), "hello");
        JsonNode own = jumping.get("/v1/budget").json().path("principal");
        return own.path("used").path("steps").asInt() == 4
            && own.path("leased").path("steps").asText().equals("0");
      });

      clock.move(Duration.ofDays(7));
      await("nobody decided")
          .atMost(LIMIT)
          .until(() -> turn(jumping, "late", "t1")
              .path("answer")
              .asText()
              .equals("So: error: Nobody approved refund in time.."));
      await("the alarm rings").atMost(LIMIT).until(() -> rings(jumping) == 1);
      var speaking = jumping
          .client()
          .sendAsync(
              jumping
                  .request("/v1/sessions/day/messages")
                  .POST(HttpRequest.BodyPublishers.ofString(
                      "{\"turn_id\":\"spoken\",\"content\":\"slowly\"}"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      await("the model speaks")
          .atMost(LIMIT)
          .until(() -> !jumping.models().asked("slowly").isEmpty());
      clock.move(Duration.ofDays(7));
      assertThat(speaking.join().body()).contains("nine ten", "completed");
      assertThat(
              turn(jumping, "day", "spoken").path("usage").path("wall_time_ms").asLong())
          .as("the jump is no work")
          .isBetween(1L, Duration.ofDays(1).toMillis());

      clock.move(Duration.ofDays(-1));
      assertThat(
              say(jumping, "day", "assistant", "before", "hello").path("status").asText())
          .as("a day of its own")
          .isEqualTo("completed");
      clock.move(Duration.ofDays(-13));
      JsonNode again = say(jumping, "day", "assistant", "monday", "hello");
      assertThat(again.path("budget_exceeded").path("scope").asText())
          .as("the day that is used up, again: %s", again)
          .isEqualTo("principal");
      RunningNode.Answer approved = jumping.post(
          "/v1/inbox/" + item.path("id").asText() + "/decision",
          "{\"decision\":" + hashed(item, "\"approve\"") + "}");
      assertThat(approved.status()).as("it has expired").isEqualTo(409);
      assertThat(turn(jumping, "late", "t1").findValuesAsText("decision"))
          .containsExactly("expired");
      assertThat(rings(jumping)).isEqualTo(1);
      assertThat(ShopTools.keys("refund", "A122")).isEmpty();
      assertThat(jumping.models().asked("refund A122"))
          .as("before the wait and after it")
          .hasSize(2);
      assertThat(jumping.get("/v1/inbox").json().path("data")).isEmpty();
    } finally {
      jumping.stop();
    }
  }

  private static long rings(RunningNode node) throws IOException, InterruptedException {
    return node.get("/v1/agents/assistant/events").json().findValuesAsText("type").stream()
        .filter(type -> type.equals("alarm-rang"))
        .count();
  }

  @Test
  void shouldLetAPersonAnswerInsteadOfTheAgent() throws Exception {
    open("taken", "shop");
    assertThat(
            NODE.post("/v1/sessions/taken/takeover", "").json().path("operator").asText())
        .isEqualTo("local");
    JsonNode waiting = say("taken", "shop", "t1", "hello, is anybody there");
    assertThat(waiting.path("status").asText()).isEqualTo("waiting");
    JsonNode second = say("taken", "shop", "t2", "hello, hello");
    assertThat(second.path("status").asText()).isEqualTo("waiting");
    assertThat(NODE.models().asked("hello, is anybody there")).isEmpty();

    JsonNode answered = NODE.post(
            "/v1/sessions/taken/turns/t1/answer", "{\"text\":\"I am Carol.\"}")
        .json();
    assertThat(answered.path("status").asText()).isEqualTo("completed");
    assertThat(answered.path("answer").asText()).isEqualTo("I am Carol.");
    NODE.post("/v1/sessions/taken/release", "");
    assertThat(awaitStatus("taken", "t2", "completed").path("answer").asText())
        .as("the agent answers what the person left")
        .isEqualTo("Hello there, how are you?");
    RunningNode.Answer late =
        NODE.post("/v1/sessions/taken/turns/t2/answer", "{\"text\":\"Me too.\"}");
    assertThat(late.status()).isEqualTo(409);
    assertThat(NODE.get("/v1/sessions/taken").json().has("operator")).isFalse();
  }

  @Test
  void shouldKeepFeedbackWithItsTurn() throws Exception {
    say("rated", "shop", "t1", "hello");
    String path = "/v1/sessions/rated/turns/t1/feedback";
    assertThat(NODE.post(path, "{\"rating\":1}")
            .json()
            .path("feedback")
            .path("rating")
            .asInt())
        .isEqualTo(1);
    NODE.post(path, "{\"rating\":-1,\"text\":\"Rude.\"}");
    JsonNode feedback =
        NODE.get("/v1/sessions/rated").json().path("turns").path(0).path("feedback");
    assertThat(feedback.path("rating").asInt()).isEqualTo(-1);
    assertThat(feedback.path("text").asText()).isEqualTo("Rude.");
    assertThat(feedback.path("by").asText()).isEqualTo("local");
    for (String wrong :
        new String[] {"{}", "{\"rating\":0}", "{\"rating\":2}", "{\"rating\":\"good\"}"}) {
      RunningNode.Answer refused = NODE.post(path, wrong);
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.error().path("param").asText()).isEqualTo("rating");
    }
    assertThat(NODE.post(path.replace("t1", "t9"), "{\"rating\":1}").status()).isEqualTo(404);
  }

  @Test
  void shouldRefuseABadDecisionByName() throws Exception {
    say("bad", "shop", "t1", "refund A123");
    JsonNode item = item("A123");
    for (String[] wrong : new String[][] {
      {"\"maybe\",\"hash\":\"x\"", "decision"},
      {"7", "decision"},
      {"\"approve\"", "hash"},
      {hashed(item, "\"approve\",\"arguments\":[1]"), "arguments"},
      {hashed(item, "\"deny\",\"arguments\":{}"), "arguments"},
      {hashed(item, "\"deny\",\"text\":7"), "text"},
    }) {
      RunningNode.Answer refused = decide(item, wrong[0]);
      assertThat(refused.status()).as(wrong[0]).isEqualTo(400);
      assertThat(refused.error().path("param").asText()).as(wrong[0]).isEqualTo(wrong[1]);
    }
    for (String id : new String[] {"nothing", "00-0", "00-99999999999999", "00-x"}) {
      assertThat(NODE.get("/v1/inbox/" + id).status()).isEqualTo(404);
      assertThat(
              NODE.post("/v1/inbox/" + id + "/decision", "{\"decision\":\"deny\",\"hash\":\"x\"}")
                  .code())
          .isEqualTo("not_found");
    }
    assertThat(NODE.get("/v1/inbox/" + item.path("id").asText()).json()).isEqualTo(item);
    assertThat(NODE.post("/v1/sessions/bad/turns/t1/feedback", "{\"rating\":1}").status())
        .as("a turn without an answer")
        .isEqualTo(409);
  }

  private static String hashed(JsonNode item, String decision) {
    return decision + ",\"hash\":\"" + item.path("hash").asText() + "\"";
  }

  private static RunningNode.Answer decide(JsonNode item, String decision)
      throws IOException, InterruptedException {
    return NODE.post(
        "/v1/inbox/" + item.path("id").asText() + "/decision", "{\"decision\":" + decision + "}");
  }

  /** What waits for a person about an order; the table of it is a little behind. */
  private static JsonNode item(String order) {
    return await("the inbox has " + order)
        .atMost(LIMIT)
        .until(() -> find(order), Optional::isPresent)
        .orElseThrow();
  }

  private static Optional<JsonNode> find(String order) throws IOException, InterruptedException {
    return StreamSupport.stream(NODE.get("/v1/inbox").json().path("data").spliterator(), false)
        .filter(item -> item.path("arguments").asText().contains("\"" + order + "\""))
        .findFirst();
  }

  private static String statuses(JsonNode turn) {
    return StreamSupport.stream(turn.path("tool_calls").spliterator(), false)
        .map(call -> call.path("name").asText() + " " + call.path("status").asText())
        .collect(java.util.stream.Collectors.joining(", "));
  }

  private static JsonNode awaitStatus(String session, String turn, String status) {
    return await(turn + " of " + session + " is " + status)
        .atMost(LIMIT)
        .until(() -> turn(session, turn), found -> found.path("status").asText().equals(status));
  }

  private static JsonNode turn(String session, String turn)
      throws IOException, InterruptedException {
    return turn(NODE, session, turn);
  }

  private static JsonNode turn(RunningNode node, String session, String turn)
      throws IOException, InterruptedException {
    return StreamSupport.stream(
            node.get("/v1/sessions/" + session).json().path("turns").spliterator(), false)
        .filter(each -> each.path("id").asText().equals(turn))
        .findFirst()
        .orElseThrow();
  }

  private static void open(String session, String agent) throws IOException, InterruptedException {
    open(NODE, session, agent);
  }

  private static void open(RunningNode node, String session, String agent)
      throws IOException, InterruptedException {
    assertThat(
            node.post("/v1/sessions", "{\"agent\":\"%s\",\"id\":\"%s\"}".formatted(agent, session))
                .status())
        .isEqualTo(201);
  }

  private static JsonNode say(String session, String agent, String turn, String text)
      throws IOException, InterruptedException {
    return say(NODE, session, agent, turn, text);
  }

  private static JsonNode say(
      RunningNode node, String session, String agent, String turn, String text)
      throws IOException, InterruptedException {
    open(node, session, agent);
    return node.post(
            "/v1/sessions/" + session + "/messages",
            "{\"turn_id\":\"%s\",\"content\":\"%s\"}".formatted(turn, text))
        .json();
  }
}
