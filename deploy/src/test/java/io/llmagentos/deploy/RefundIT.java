package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Several things at once, one of which a person has to approve: while it waits every node dies, and the node that moves the money dies after it has and before it
 * knows. Nobody is refunded twice.
 */
class RefundIT {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final String WISH =
      "cancel my order 118, refund it, and tell me when the money comes; and put that date in my calendar";
  private static final ShopServer SHOP = shop();

  @RegisterExtension
  static final LocalCluster CLUSTER = cluster();

  private static ShopServer shop() {
    try {
      return new ShopServer();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String settings(ShopExtension extension) {
    return extension.settings() + """
      llmagentos.model.nano = off
      llmagentos.agent.model = scripted
      llmagentos.agent.budget { principal { per = forever, steps = 100 }, lease-time = 2s }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "cancel my order (?<order>\\\\d+), refund it", calls = [
              { name = cancel_order, arguments = "{\\"order\\":${order}}" }
              { name = refund, arguments = "{\\"order\\":${order},\\"amount\\":4000}" }
            ] }
          { when = "cancel my order", round = 2, results = "arrives on (?<date>\\\\w+)", calls = [
              { name = calendar_set, arguments = "{\\"event_name\\":\\"the refund\\",\\"date\\":\\"${date}\\"}" }
            ] }
          { when = "cancel my order (?<order>\\\\d+)", round = 3, results = "(?<added>Added .*)", text = "Order ${order} is refunded. ${added}" }
          { when = "hello", text = "Good day." }
        ]
      }
      """;
  }

  /** Nodes with a user's agent and a user's tools. */
  private static LocalCluster cluster() {
    try {
      var home = Files.createTempDirectory(
          Files.createDirectories(Path.of("target", "clusters").toAbsolutePath()), "shop");
      var extension = ShopExtension.write(home, "budget: {turn: {steps: 3, tool_calls: 3}}");
      return new LocalCluster("refund", 3, settings(extension))
          .extended(extension.classes(), Map.of(ShopTool.SHOP, SHOP.url()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterAll
  static void closeShop() {
    SHOP.close();
  }

  @Test
  void shouldRefundOnceWhoeverDies() throws IOException, InterruptedException {
    var session =
        door().post("/v1/sessions", Map.of("agent", "shop")).path("id").asText();
    var wish = Story.newTurn();
    var asked = door().say(session, wish, WISH);
    assertThat(asked.path("status").asText()).isEqualTo("waiting");
    assertThat(steps(asked)).isEqualTo("cancel_order succeeded, refund awaiting_approval");

    for (int node : CLUSTER.indexes()) {
      CLUSTER.kill(node);
      CLUSTER.awaitAllUp();
    }
    assertThat(steps(turn(session, wish)))
        .isEqualTo("cancel_order succeeded, refund awaiting_approval");
    var aside = Story.newTurn();
    assertThat(door().say(session, aside, "hello").path("answer").asText())
        .as("a digression while the refund waits")
        .isEqualTo("Good day.");

    var approval = Story.awaitInboxItem(door(), "approval");
    assertThat(approval.path("tool").asText()).isEqualTo("refund");
    var stale = door()
        .exchange(
            "/v1/inbox/" + approval.path("id").asText() + "/decision",
            Map.of("decision", "approve", "hash", "another"));
    assertThat(stale.status()).as("an approval of other arguments").isEqualTo(409);
    SHOP.holdAnswers();
    inbox("approve", approval.path("id").asText(), "--arguments={\"order\":118,\"amount\":2000}");
    await("the money moves").atMost(LIMIT).until(() -> !SHOP.done("/refund").isEmpty());
    int paying = CLUSTER.indexOfAddress(
        door().get("/v1/sessions/" + session).path("node").asText());
    CLUSTER.kill(paying);
    long killed = System.nanoTime();
    SHOP.release();

    var unknown = Story.awaitInboxItem(door(), "unknown");
    Story.measured("kill -9 of the node that pays to the unknown outcome in the inbox", killed);
    assertThat(unknown.path("tool").asText()).isEqualTo("refund");
    assertThat(unknown.path("arguments").asText()).isEqualTo("{\"order\":118,\"amount\":2000}");
    awaitTurn(session, wish, "waiting");
    inbox(
        "settle",
        unknown.path("id").asText(),
        "happened",
        "--text=20.00 EUR were paid, the money arrives on friday");

    var done = awaitTurn(session, wish, "completed");
    assertThat(done.path("answer").asText())
        .startsWith("Order 118 is refunded. Added to your calendar: the refund")
        .containsIgnoringCase("friday");
    assertThat(steps(done))
        .isEqualTo("cancel_order succeeded, refund succeeded, calendar_set succeeded");
    assertThat(decisions(done)).isEqualTo("approved by local, happened by local");
    assertThat(SHOP.done("/refund"))
        .as("refunds, of the amount that was approved")
        .containsExactly("{\"order\":118,\"amount\":2000}");
    assertThat(SHOP.done("/cancel_order")).hasSize(1);
    assertThat(calendarEntries()).isEqualTo(1);
    Story.assertEveryTurnFinishedOnce(door(), session, wish, 2);
    assertEveryTokenCountedOnce(session, done.path("answer").asText());
    Story.assertAccountHasWhatItsSessionsUsed(door(), session);
    await("nothing waits for a person")
        .atMost(LIMIT)
        .until(() -> door().get("/v1/inbox").path("data").isEmpty());
  }

  /** Three requests of the wish and one of the digression, whoever died meanwhile; one more would have exceeded the budget. */
  private static void assertEveryTokenCountedOnce(String session, String answer)
      throws IOException, InterruptedException {
    var described = door().get("/v1/sessions/" + session);
    assertThat(described.path("usage").path("steps").asInt()).isEqualTo(4);
    assertThat(described.path("usage").path("tool_calls").asInt()).isEqualTo(3);
    assertThat(described.path("usage").path("completion_tokens").asInt())
        .as("two calls, one more, the answer's words, and Good day.")
        .isEqualTo(2 + 1 + answer.split("\\s+").length + 2);
    assertThat(StreamSupport.stream(described.path("turns").spliterator(), false)
            .mapToInt(turn -> turn.path("usage").path("total_tokens").asInt())
            .sum())
        .isEqualTo(described.path("usage").path("total_tokens").asInt());
  }

  private static Door door() {
    return new Door(CLUSTER.door());
  }

  /** The clerk's terminal. */
  private static void inbox(String... arguments) throws IOException, InterruptedException {
    var command = new java.util.ArrayList<>(java.util.List.of("inbox"));
    command.addAll(java.util.List.of(arguments));
    command.add("--port=" + CLUSTER.basePort());
    var log = "inbox-" + arguments[0] + ".log";
    var process = CLUSTER.command(log, command.toArray(String[]::new));
    assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue())
        .as(Files.readString(CLUSTER.home().resolve(log)))
        .isZero();
  }

  private static JsonNode awaitTurn(String session, String turn, String status) {
    return await("the turn is " + status)
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> turn(session, turn), found -> found.path("status").asText().equals(status));
  }

  private static JsonNode turn(String session, String turn)
      throws IOException, InterruptedException {
    return StreamSupport.stream(
            door().get("/v1/sessions/" + session).path("turns").spliterator(), false)
        .filter(each -> each.path("turn_id").asText().equals(turn))
        .findFirst()
        .orElseThrow();
  }

  private static String steps(JsonNode turn) {
    return StreamSupport.stream(turn.path("tool_calls").spliterator(), false)
        .map(call -> call.path("name").asText() + " " + call.path("status").asText())
        .collect(Collectors.joining(", "));
  }

  private static String decisions(JsonNode turn) {
    return StreamSupport.stream(turn.path("tool_calls").spliterator(), false)
        .flatMap(call -> StreamSupport.stream(call.path("decisions").spliterator(), false))
        .map(each -> each.path("decision").asText() + " by " + each.path("by").asText())
        .collect(Collectors.joining(", "));
  }

  private static long calendarEntries() throws IOException, InterruptedException {
    return StreamSupport.stream(
            door().get("/v1/agents/shop/events").path("data").spliterator(), false)
        .filter(event -> event.path("tool").asText().equals("calendar_set"))
        .count();
  }
}
