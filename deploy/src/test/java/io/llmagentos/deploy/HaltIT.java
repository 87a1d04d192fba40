package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/**
 * A node ends at a write of its journal, before or after it is committed, again and again, while a customer and a clerk go on as if nothing were the matter. At the
 * end the history is checked: what was acknowledged is there, nothing was done twice, each request has one end.
 */
class HaltIT {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final Duration PAUSE = Duration.ofMillis(50);

  /** A plan has about so many writes; a life that begins with an unfinished plan comes as far in the next. */
  private static final int WRITES = 14;

  private static final String TURN = "wish";
  private static final int LIVES = 5;
  private static final long SEED = 20261126;

  private final int base = Distribution.freeBasePort(1);
  private final Path home = Distribution.home("halt", base);
  private final Door door = new Door("http://127.0.0.1:" + base);
  private final ShopExtension extension;

  HaltIT() throws IOException {
    extension = ShopExtension.write(home, "plans: true");
  }

  /** @param answers every reply that the customer got, in order */
  private record Wish(int order, String session, List<JsonNode> answers) {
    String text() {
      return "cancel my order %d, refund it, and put the date in my calendar".formatted(order);
    }

    boolean ended() {
      return !answers.isEmpty() && answers.getLast().path("status").asText().equals("completed");
    }
  }

  @Test
  void shouldKeepItsPromisesWhicheverWriteIsItsLast() throws Exception {
    var wishes = new ArrayList<Wish>();
    var random = new Random(SEED);
    Files.writeString(home.resolve("node.conf"), settings());
    try (var shop = new ShopServer()) {
      for (int life = 1; life <= LIVES; life++) {
        var halt = (random.nextBoolean() ? "before-" : "after-") + (1 + random.nextInt(WRITES));
        var node = start(halt, shop);
        liveUntilTheEndOf(node, life, wishes, shop);
        assertThat(node.waitFor())
            .as("the node's end at the write %s", halt)
            .isEqualTo(HaltingJournal.EXIT_CODE);
      }
      var node = start("", shop);
      try {
        await("every wish is answered")
            .atMost(LIMIT)
            .ignoreExceptionsInstanceOf(IOException.class)
            .until(() -> {
              goOn(wishes, shop);
              return wishes.stream().allMatch(Wish::ended);
            });
        checkHistory(wishes, shop);
      } finally {
        node.destroyForcibly().waitFor();
      }
    } catch (Exception | AssertionError failed) {
      Distribution.printLogs(home);
      throw failed;
    }
  }

  private String settings() {
    return extension.settings() + """
      llmagentos.model.nano = off
      llmagentos.agent.model = scripted
      jdbc-journal.class = "io.llmagentos.deploy.HaltingJournal"
      llmagentos.node { artery-port = %d, data-dir = "%s" }
      llmagentos.http { port = %d, management-port = %d }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "cancel my order (?<order>\\\\d+)", calls = [{ name = plan, arguments = \"""{"steps": [
              {"id": "cancel", "tool": "cancel_order", "arguments": {"order": ${order}}},
              {"id": "refund", "tool": "refund", "arguments": {"order": ${order}, "amount": 4000}},
              {"id": "entry", "tool": "calendar_set", "arguments": {"event_name": "refund ${order}", "date": "friday"}, "after": ["cancel", "refund"]}
            ]}\""" }] }
          { when = "cancel my order (?<order>\\\\d+)", round = 2, results = "(?<added>Added .*)", text = "Order ${order} is refunded. ${added}" }
          { when = "cancel my order (?<order>\\\\d+)", round = 2, text = "Order ${order} is not refunded." }
        ]
      }
      """.formatted(base + 200, home.resolve("data"), base, base + 100);
  }

  private Process start(String halt, ShopServer shop) throws IOException {
    var node = new ProcessBuilder(Distribution.extendedCommand(
            extension.classes(), "node", "--settings=" + home.resolve("node.conf")))
        .redirectErrorStream(true)
        .redirectOutput(
            ProcessBuilder.Redirect.appendTo(home.resolve("node.log").toFile()));
    node.environment().put(ShopTool.SHOP, shop.url());
    node.environment().put(HaltingJournal.HALT, halt);
    return node.start();
  }

  /** The customer wishes for something new whenever everything is answered; what was not, because the node was gone, is said again. */
  private void liveUntilTheEndOf(Process node, int life, List<Wish> wishes, ShopServer shop)
      throws InterruptedException {
    int brought = 0;
    while (node.isAlive()) {
      try {
        door.get("/v1/cluster");
        if (wishes.stream().allMatch(Wish::ended)) {
          int order = 100 * life + brought++;
          wishes.add(new Wish(order, "order-" + order, new ArrayList<>()));
        }
        goOn(wishes, shop);
      } catch (IOException gone) {
        // Not up yet, or not any more.
        node.waitFor(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
  }

  private void goOn(List<Wish> wishes, ShopServer shop) throws IOException, InterruptedException {
    for (var wish : wishes) {
      if (!wish.ended()) {
        door.post("/v1/sessions", Map.of("agent", "shop", "id", wish.session()));
        wish.answers().add(door.say(wish.session(), TURN, wish.text()));
      }
    }
    for (var item : door.get("/v1/inbox").path("data")) {
      decide(item, shop);
    }
  }

  /** The clerk approves what is asked, and looks into the shop's books for what is not known. */
  private void decide(JsonNode item, ShopServer shop) throws IOException, InterruptedException {
    boolean done = shop.done("/refund").contains(item.path("arguments").asText());
    var decision = item.path("kind").asText().equals("approval")
        ? "approve"
        : done ? "happened" : "did_not_happen";
    var answer = door.exchange(
        "/v1/inbox/" + item.path("id").asText() + "/decision",
        Map.of(
            "decision",
            decision,
            "hash",
            item.path("hash").asText(),
            "text",
            decision.equals("happened") ? "refund done" : ""));
    // The inbox is a moment behind the session, which knows best what is still open.
    assertThat(answer.status()).as(answer.body().toString()).isIn(200, 404, 409);
  }

  private void checkHistory(List<Wish> wishes, ShopServer shop)
      throws IOException, InterruptedException {
    assertThat(wishes).hasSizeGreaterThan(1);
    var calendar = StreamSupport.stream(
            door.get("/v1/agents/shop/events").path("data").spliterator(), false)
        .filter(event -> event.path("tool").asText().equals("calendar_set"))
        .map(JsonNode::toString)
        .toList();
    for (var wish : wishes) {
      var turn = door.get("/v1/sessions/" + wish.session()).path("turns").path(0);
      assertThat(turn.path("status").asText()).isEqualTo("completed");
      assertThat(wish.answers().stream()
              .filter(answer -> answer.path("status").asText().equals("completed"))
              .map(answer -> answer.path("answer").asText()))
          .as("the end that the customer of %s was told is the one in the journal", wish)
          .containsExactly(turn.path("answer").asText());
      assertThat(wish.answers().stream().map(answer -> answer.path("status").asText()))
          .containsOnly("waiting", "completed");
      assertThat(shop.done("/refund"))
          .filteredOn(body -> body.contains("\"order\":" + wish.order() + ","))
          .as("refunds of %s", wish)
          .hasSize(refunded(turn) ? 1 : 0);
      assertThat(shop.done("/cancel_order")).contains("{\"order\":%d}".formatted(wish.order()));
      assertThat(calendar)
          .filteredOn(event -> event.contains("refund " + wish.order()))
          .as("calendar entries of %s, which come after the refund", wish)
          .hasSize(refunded(turn) ? 1 : 0);
      Story.assertEveryTurnFinishedOnce(door, wish.session(), TURN, 1);
    }
    await("nothing waits for a person")
        .atMost(LIMIT)
        .until(() -> door.get("/v1/inbox").path("data").isEmpty());
  }

  private static boolean refunded(JsonNode turn) {
    return StreamSupport.stream(turn.path("tool_calls").spliterator(), false)
        .anyMatch(call -> call.path("name").asText().equals("refund")
            && call.path("status").asText().equals("succeeded"));
  }
}
