package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The network between the oldest of three nodes and the others is cut, while it can still write to the journal and clients still reach its door. The
 * others go on, it ends itself, nothing that was acknowledged on either side is lost, and nothing happens twice.
 */
class PartitionIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final String SETTINGS = """
      llmagentos.model.nano = off
      llmagentos.agent { model = scripted, zone = "Europe/Berlin" }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "slowly wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set, delay = 3s }
          { when = "wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set }
          { when = "what alarms", call = alarm_query }
          { when = "hello", text = "Good day." }
        ]
      }
      """;

  @RegisterExtension
  @Order(2)
  static final NodeProcesses NODES =
      new NodeProcesses("partition", 3, SETTINGS, PartitionIT::networkSettings);

  @RegisterExtension
  @Order(1)
  static final CuttableNetwork NETWORK = new CuttableNetwork(NODES);

  @Test
  void shouldGoOnWithTheMajority() throws IOException, InterruptedException {
    int isolated = NODES.oldest(0);
    int survivor = (isolated + 1) % 3;
    var waiting = NODES.sessionOn(isolated, survivor);
    var talking = NODES.sessionOn(isolated, survivor);
    var acting = NODES.sessionOn(isolated, survivor);
    var asking = NODES.sessionOn(isolated, survivor);
    say(survivor, waiting, Story.newTurn(), "wake me up at eight am on monday");

    var slow = Story.newTurn();
    var running =
        NODES.door(survivor).saying(waiting, slow, "slowly wake me up at seven am on tuesday");
    NODES.awaitRunning(survivor, waiting, slow);
    NETWORK.isolate(isolated);
    long cut = System.nanoTime();
    var next = NODES
        .door(survivor)
        .saying(asking, Story.newTurn(), "what alarms do I have")
        .whenComplete((answer, failure) -> Story.measured(
            "partition of the oldest node to the next answer of a session there", cut));
    // Its own clients do not know yet: what it still acknowledges, it must not take back.
    var hello = Story.newTurn();
    assertThat(say(isolated, talking, hello, "hello")).isEqualTo("Good day.");
    var alarm = Story.newTurn();
    var inside = NODES.door(isolated).saying(acting, alarm, "wake me up at six am on wednesday");

    assertThat(next.join().body().path("answer").asText()).contains("8:00");
    assertThat(running.join().body().path("answer").asText()).contains("7:00");
    var took = Story.measured("partition of the oldest node to the end of a turn there", cut);
    assertThat(took).isLessThan(BOUND);
    assertThat(NODES.process(isolated).waitFor(BOUND.toSeconds(), TimeUnit.SECONDS))
        .as("the minority ends itself")
        .isTrue();
    Story.measured("partition to the end of the minority's process", cut);
    assertThat(NODES.process(isolated).exitValue()).isEqualTo(3);
    var acknowledged = inside.handle((answer, lost) -> lost == null && answer.status() == 200);
    System.out.println("the minority acknowledged a turn that acts: " + acknowledged.join());

    assertThat(say(survivor, acting, alarm, "wake me up at six am on wednesday"))
        .contains("6:00");
    assertThat(say(survivor, talking, hello, "hello")).isEqualTo("Good day.");
    NODES.awaitMembers(NODES.indexes().stream().filter(node -> node != isolated).toList());

    NETWORK.heal();
    NODES.start(isolated);
    NODES.awaitMembers(NODES.indexes());
    var last = Story.newTurn();
    assertThat(say(isolated, asking, last, "what alarms do I have"))
        .contains("6:00", "7:00", "8:00");
    Story.assertEveryTurnFinishedOnce(NODES.door(isolated), waiting, slow, 2);
    Story.assertEveryTurnFinishedOnce(NODES.door(isolated), talking, hello, 1);
    Story.assertEveryTurnFinishedOnce(NODES.door(isolated), acting, alarm, 1);
    Story.assertEveryTurnFinishedOnce(NODES.door(isolated), asking, last, 2);
    assertThat(Story.alarmEvents(NODES.door(isolated)))
        .containsExactly("alarm-set", "alarm-set", "alarm-set");
  }

  private static String networkSettings(int node) {
    return CuttableNetwork.settings(NODES, node);
  }

  private static String say(int through, String session, String turn, String text)
      throws IOException, InterruptedException {
    var finished = NODES.door(through).say(session, turn, text);
    assertThat(finished.path("status").asText()).isEqualTo("completed");
    return finished.path("answer").asText();
  }
}
