package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Nodes that nobody supervises die, or fall silent. A dead process is found by its port and replaced within seconds; a silent one only by the
 * resolver, and it ends itself when it wakes up. No turn that was acknowledged is lost and none has its effect twice.
 */
class KillIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final FickleModelServer FICKLE = fickle();
  private static final String SETTINGS = """
      llmagentos.agent { zone = "Europe/Berlin", definitions = "%s" }
      llmagentos.model {
        nano = off
        models.fickle { kind = openai, base-url = "%s", model = fickle }
        models.agentos-nano {
          kind = scripted
          rules = [
            { when = "slowly wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set, delay = 3s }
            { when = "wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set }
            { when = "what alarms", call = alarm_query }
            { when = "count slowly", text = "one two three four five six seven eight", delay = 500ms }
          ]
        }
      }
      """.formatted(definitions(), FICKLE.url());

  @RegisterExtension
  static final NodeProcesses NODES = new NodeProcesses("kill", 3, SETTINGS);

  private static FickleModelServer fickle() {
    try {
      return new FickleModelServer();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An agent whose model samples. */
  private static Path definitions() {
    try {
      var directory = Files.createTempDirectory(
          Files.createDirectories(Path.of("target", "clusters").toAbsolutePath()), "poet");
      Files.writeString(directory.resolve("poet.yaml"), """
          name: poet
          model: fickle
          outOfScope: "That is not for me."
          unconnected: "No tool for {what} is connected."
          """);
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterAll
  static void closeModel() {
    FICKLE.close();
  }

  @Test
  void shouldAnswerElsewhereAfterAKill() throws IOException, InterruptedException {
    for (boolean oldest : new boolean[] {false, true}) {
      int victim = NODES.oldest(0);
      victim = oldest ? victim : (victim + 1) % 3;
      int survivor = (victim + 1) % 3;
      var session = NODES.sessionOn(victim, survivor);
      int before = Story.alarmEvents(NODES.door(survivor)).size();
      var time = oldest ? "ten" : "nine";
      say(survivor, session, "wake me up at " + time + " am on friday");

      NODES.kill(victim);
      long killed = System.nanoTime();
      assertThat(say(survivor, session, "what alarms do I have"))
          .contains(oldest ? "10:00" : "9:00");
      var took = Story.measured(
          "kill -9 of " + (oldest ? "the oldest" : "a younger")
              + " node, unsupervised, to the next answer of a session there",
          killed);

      assertThat(took).isLessThan(BOUND);
      assertThat(Story.alarmEvents(NODES.door(survivor))).hasSize(before + 1);
      NODES.start(victim);
      NODES.awaitMembers(NODES.indexes());
    }
  }

  @Test
  void shouldTellTheWholeAnswerOfASessionThatDiesInTheMiddleOfIt()
      throws IOException, InterruptedException {
    int victim = (NODES.oldest(0) + 1) % 3;
    int survivor = (victim + 1) % 3;
    var session = NODES.sessionOn(victim, survivor);
    var killed = new AtomicBoolean();
    var events = NODES.door(survivor).hear(session, Story.newTurn(), "count slowly", event -> {
      if (event.data().path("offset").asInt() > 0 && killed.compareAndSet(false, true)) {
        killNow(victim);
      }
      return event.name().equals("turn.finished");
    });

    assertThat(killed).isTrue();
    var text = text(events);
    assertThat(text).isEqualTo("one two three four five six seven eight");
    assertThat(events.getLast().data().path("answer").asText()).isEqualTo(text);
    assertThat(events.getLast().data().path("usage").path("steps").asInt()).isEqualTo(1);
    NODES.start(victim);
    NODES.awaitMembers(NODES.indexes());
  }

  @Test
  void shouldTellAClientToForgetWhatTheModelSaysOtherwiseWhenItIsAskedAgain() throws Exception {
    int victim = (NODES.oldest(0) + 1) % 3;
    int survivor = (victim + 1) % 3;
    int third = (victim + 2) % 3;
    var session = NODES.sessionOn(victim, survivor, "poet");
    var saying = NODES.door(survivor).saying(session, Story.newTurn(), "a poem");
    var killed = new AtomicBoolean();
    var events = NODES.door(third).replay(session, event -> {
      if (event.name().equals("turn.delta") && killed.compareAndSet(false, true)) {
        killNow(victim);
      }
      if (event.name().equals("turn.reset")) {
        FICKLE.goOn();
      }
      return event.name().equals("turn.finished");
    });

    var names = events.stream().map(Door.Event::name).toList();
    assertThat(names).containsOnlyOnce("turn.reset", "turn.finished");
    int reset = names.indexOf("turn.reset");
    assertThat(text(events.subList(0, reset))).isEqualTo(FickleModelServer.FIRST);
    assertThat(text(events.subList(reset, events.size()))).isEqualTo(FickleModelServer.SECOND);
    var end = events.getLast().data();
    assertThat(end.path("answer").asText()).isEqualTo(FickleModelServer.SECOND);
    assertThat(saying.join().body()).isEqualTo(end);
    assertThat(NODES.door(third).get("/v1/sessions/" + session).at("/turns/0")).isEqualTo(end);
    NODES.start(victim);
    NODES.awaitMembers(NODES.indexes());
  }

  @Test
  void shouldEndANodeThatTheOthersTookForDead() throws IOException, InterruptedException {
    int frozen = NODES.oldest(0);
    int survivor = (frozen + 1) % 3;
    var session = NODES.sessionOn(frozen, survivor);
    int before = Story.alarmEvents(NODES.door(survivor)).size();
    say(survivor, session, "wake me up at eight am on monday");
    var asking = NODES.sessionOn(frozen, survivor);
    var slow = Story.newTurn();
    var running =
        NODES.door(survivor).saying(session, slow, "slowly wake me up at seven am on tuesday");
    NODES.awaitRunning(survivor, session, slow);

    NODES.freeze(frozen);
    long froze = System.nanoTime();
    var next = NODES
        .door(survivor)
        .saying(asking, Story.newTurn(), "what alarms do I have")
        .whenComplete((answer, failure) -> Story.measured(
            "SIGSTOP of the oldest node, unsupervised, to the next answer of a session there",
            froze));
    assertThat(running.join().body().path("answer").asText()).contains("7:00");
    var took = Story.measured(
        "SIGSTOP of the oldest node, unsupervised, to the end of a turn of 3 s that ran there",
        froze);
    assertThat(next.join().body().path("answer").asText()).contains("8:00");
    assertThat(took).isLessThan(BOUND);
    assertThat(say(survivor, session, "what alarms do I have")).contains("7:00", "8:00");

    NODES.thaw(frozen);
    long thawed = System.nanoTime();
    assertThat(NODES.process(frozen).waitFor(BOUND.toSeconds(), TimeUnit.SECONDS))
        .as("the node ends itself")
        .isTrue();
    Story.measured("SIGCONT to the end of the downed process", thawed);
    assertThat(NODES.process(frozen).exitValue()).isNotZero();

    NODES.start(frozen);
    NODES.awaitMembers(NODES.indexes());
    var last = Story.newTurn();
    NODES.door(frozen).say(session, last, "what alarms do I have");
    Story.assertEveryTurnFinishedOnce(NODES.door(frozen), session, last, 4);
    assertThat(Story.alarmEvents(NODES.door(frozen)).stream().skip(before))
        .containsExactly("alarm-set", "alarm-set");
  }

  /** What the deltas are together, each beginning where the one before ended. */
  private static String text(List<Door.Event> events) {
    var text = new StringBuilder();
    for (var event : events) {
      if (event.name().equals("turn.delta")) {
        assertThat(event.data().path("offset").asInt())
            .as("where the piece before ended")
            .isEqualTo(text.length());
        text.append(event.data().path("text").asText());
      }
    }
    return text.toString();
  }

  private static void killNow(int node) {
    try {
      NODES.kill(node);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String say(int through, String session, String text)
      throws IOException, InterruptedException {
    var turn = NODES.door(through).say(session, Story.newTurn(), text);
    assertThat(turn.path("status").asText()).isEqualTo("completed");
    return turn.path("answer").asText();
  }
}
