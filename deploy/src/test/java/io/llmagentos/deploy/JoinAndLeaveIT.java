package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Nodes come and go in order: who does not speak the others' language stays out, and who is told to stop ends what it has begun. */
class JoinAndLeaveIT {
  private static final Duration BOUND = Duration.ofSeconds(60);

  /** The node that gives its turns hardly any time to end. */
  private static final int HASTY = 2;

  private static final String SETTINGS = """
      llmagentos.model.nano = off
      llmagentos.agent { model = scripted, zone = "Europe/Berlin" }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "very slowly wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set, delay = 6s }
          { when = "slowly wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set, delay = 3s }
          { when = "hello", text = "Good day." }
        ]
      }
      """;

  @RegisterExtension
  static final NodeProcesses NODES = new NodeProcesses(
      "join", 3, SETTINGS, node -> node == HASTY ? "llmagentos.node.drain-timeout = 500ms" : "");

  @Test
  void shouldRefuseANodeOfAnotherWireVersion(@TempDir Path classes)
      throws IOException, InterruptedException {
    var services = Files.createDirectories(classes.resolve("META-INF/services"));
    Files.writeString(
        services.resolve("io.llmagentos.node.Subsystem"), NewerSubsystem.class.getName() + "\n");

    long begun = System.nanoTime();
    var stranger = NODES.startExtended(classes);
    assertThat(stranger.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS))
        .as("the stranger gives up")
        .isTrue();
    Story.measured("start of a node of another wire version to its refusal and end", begun);

    assertThat(stranger.exitValue()).isEqualTo(1);
    assertThat(Files.readString(NODES.log(3)))
        .contains("error: wire_incompatible: the cluster of", "newer:7");
    NODES.awaitMembers(NODES.indexes());
    for (int node : NODES.indexes()) {
      assertThat(say(node, Story.open(NODES.door(node)), Story.newTurn(), "hello"))
          .isEqualTo("Good day.");
    }
  }

  @Test
  void shouldFinishTheTurnsInFlightBeforeItStops() throws IOException, InterruptedException {
    int leaving = NODES.oldest(0);
    int other = (leaving + 1) % 3;
    int before = Story.alarmEvents(NODES.door(other)).size();
    var here = NODES.sessionOn(leaving, other);
    var there = NODES.sessionOn(leaving, other);
    var turns = List.of(Story.newTurn(), Story.newTurn());
    var throughItself =
        NODES.door(leaving).saying(here, turns.get(0), "slowly wake me up at six am on monday");
    var throughAnother =
        NODES.door(other).saying(there, turns.get(1), "slowly wake me up at seven am on monday");
    var following = CompletableFuture.supplyAsync(
        () -> NODES.door(leaving).untilTheStreamEnds(here), Thread::startVirtualThread);
    NODES.awaitRunning(other, here, turns.get(0));
    NODES.awaitRunning(other, there, turns.get(1));

    long told = System.nanoTime();
    NODES.process(leaving).destroy();
    await("its door closes").atMost(BOUND).until(() -> NODES.refuses(leaving));
    assertThat(NODES.process(leaving).isAlive()).as("turns hold it up").isTrue();
    assertThatThrownBy(() -> NODES.door(leaving).get("/v1/cluster"))
        .isInstanceOf(ConnectException.class);
    assertThat(say(other, Story.open(NODES.door(other)), Story.newTurn(), "hello"))
        .isEqualTo("Good day.");

    assertThat(throughItself.join().body().path("answer").asText()).contains("6:00");
    assertThat(throughAnother.join().body().path("answer").asText()).contains("7:00");
    assertThat(following.join()).as("events that were heard").contains("turn.accepted");
    assertThat(NODES.process(leaving).waitFor(BOUND.toSeconds(), TimeUnit.SECONDS))
        .isTrue();
    var took = Story.measured("SIGTERM with turns in flight to the end of the process", told);
    assertThat(NODES.process(leaving).exitValue()).isZero();
    assertThat(took).isLessThan(Duration.ofSeconds(15));
    Story.assertEveryTurnFinishedOnce(NODES.door(other), here, turns.get(0), 1);
    Story.assertEveryTurnFinishedOnce(NODES.door(other), there, turns.get(1), 1);
    assertThat(Story.alarmEvents(NODES.door(other)).stream().skip(before))
        .containsExactly("alarm-set", "alarm-set");

    NODES.start(leaving);
    NODES.awaitMembers(NODES.indexes());
  }

  @Test
  void shouldLetATurnEndElsewhereThatOutlastsTheDrain() throws IOException, InterruptedException {
    int other = (HASTY + 1) % 3;
    int before = Story.alarmEvents(NODES.door(other)).size();
    var moving = NODES.sessionOn(HASTY, other);
    var stranded = NODES.sessionOn(HASTY, other);
    var outlasting = Story.newTurn();
    var givenUp = Story.newTurn();
    var moved = NODES
        .door(other)
        .saying(moving, outlasting, "very slowly wake me up at eight am on monday");
    var cutOff =
        NODES.door(HASTY).saying(stranded, givenUp, "very slowly wake me up at nine am on monday");
    NODES.awaitRunning(other, moving, outlasting);
    NODES.awaitRunning(other, stranded, givenUp);

    NODES.process(HASTY).destroy();

    assertThat(moved.join().body().path("answer").asText()).contains("8:00");
    assertThat(NODES.process(HASTY).waitFor(BOUND.toSeconds(), TimeUnit.SECONDS))
        .isTrue();
    assertThat(NODES.process(HASTY).exitValue()).isZero();
    assertThat(cutOff.join().status())
        .as("the one answer through a closing door")
        .isEqualTo(503);
    assertThat(cutOff.join().body().path("error").path("code").asText()).isEqualTo("unavailable");
    assertThat(say(other, stranded, givenUp, "very slowly wake me up at nine am on monday"))
        .contains("9:00");
    Story.assertEveryTurnFinishedOnce(NODES.door(other), moving, outlasting, 1);
    Story.assertEveryTurnFinishedOnce(NODES.door(other), stranded, givenUp, 1);
    assertThat(Story.alarmEvents(NODES.door(other)).stream().skip(before))
        .containsExactly("alarm-set", "alarm-set");

    NODES.start(HASTY);
    NODES.awaitMembers(NODES.indexes());
  }

  private static String say(int through, String session, String turn, String text)
      throws IOException, InterruptedException {
    var finished = NODES.door(through).say(session, turn, text);
    assertThat(finished.path("status").asText()).isEqualTo("completed");
    return finished.path("answer").asText();
  }
}
