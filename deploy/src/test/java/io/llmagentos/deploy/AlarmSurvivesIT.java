package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An alarm set by talking outlives the death of every node that ever had to do with it, and is set and removed once. */
class AlarmSurvivesIT {
  /** The scripted model answers by rules, the same on every node. */
  private static final String SETTINGS = """
      llmagentos.agent { model = scripted, zone = "Europe/Berlin" }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set }
          { when = "what alarms", call = alarm_query }
          { when = "cancel the (?<date>\\\\w+) one", call = alarm_remove }
        ]
      }
      """;

  @RegisterExtension
  static final LocalCluster CLUSTER = new LocalCluster("alarm-survives", 3, SETTINGS);

  @Test
  void shouldKeepTheAlarmWhileEveryNodeDies() throws IOException, InterruptedException {
    int before = alarmEvents(new Door(CLUSTER.door(0))).size();
    var chat = CLUSTER.chat("assistant");
    assertNamesFriday(chat.say("wake me up at nine am on friday"));
    var session = chat.session();

    int host = hostOf(session, CLUSTER.otherThan(-1));
    int survivor = CLUSTER.otherThan(host);
    CLUSTER.kill(host);
    var other = new Door(CLUSTER.door(survivor));
    var asked = other.say(session, newTurn(), "what alarms do I have");
    assertThat(asked.path("status").asText()).isEqualTo("completed");
    assertNamesFriday(asked.path("answer").asText());
    CLUSTER.awaitAllUp();

    CLUSTER.kill(CLUSTER.indexOfDoor(chat.door()));
    assertNamesFriday(chat.say("what alarms do I have"));
    CLUSTER.awaitAllUp();

    CLUSTER.kill(CLUSTER.oldest());
    assertNamesFriday(chat.say("what alarms do I have"));
    CLUSTER.awaitAllUp();

    var cancelled = chat.say("cancel the friday one");
    assertThat(cancelled).isNotBlank();
    assertThat(chat.say("what alarms do I have"))
        .doesNotContainIgnoringCase("friday")
        .doesNotContain("9:00");
    assertThat(chat.leave()).isZero();

    var last = newTurn();
    var door = new Door(CLUSTER.door(0));
    door.say(session, last, "what alarms do I have");
    assertEveryTurnFinishedOnce(door, session, last, 7);
    assertThat(alarmEvents(door).stream().skip(before))
        .containsExactly("alarm-set", "alarm-removed");
  }

  @Test
  void shouldAnswerARepeatedTurnWithWhatItRecorded() throws IOException, InterruptedException {
    var first = new Door(CLUSTER.door(0));
    var second = new Door(CLUSTER.door(1));
    var session = first
        .post("/v1/sessions", java.util.Map.of("agent", "assistant"))
        .path("id")
        .asText();
    int before = alarmEvents(first).size();
    var turn = newTurn();

    var answer = first.say(session, turn, "wake me up at six am on sunday");
    var repeated = second.say(session, turn, "wake me up at six am on sunday");

    assertThat(answer.path("status").asText()).isEqualTo("completed");
    assertThat(repeated.path("answer").asText()).isEqualTo(answer.path("answer").asText());
    assertThat(repeated.path("turn_id").asText()).isEqualTo(turn);
    assertThat(alarmEvents(second)).hasSize(before + 1);
    assertEveryTurnFinishedOnce(second, session, turn, 1);

    second.say(session, newTurn(), "cancel the sunday one");
    assertThat(alarmEvents(first)).hasSize(before + 2);
  }

  private static int hostOf(String session, int askThrough)
      throws IOException, InterruptedException {
    var address = new Door(CLUSTER.door(askThrough))
        .get("/v1/sessions/" + session)
        .path("node")
        .asText();
    return CLUSTER.indexOfAddress(address);
  }

  /** The stream from its beginning: each turn accepted once and finished once, each event once, ids rising. */
  private static void assertEveryTurnFinishedOnce(Door door, String session, String last, int turns)
      throws IOException, InterruptedException {
    var events = door.replay(
        session, event -> event.name().equals("turn.finished") && turnOf(event).equals(last));
    var finished = events.stream()
        .filter(event -> event.name().equals("turn.finished"))
        .collect(Collectors.groupingBy(AlarmSurvivesIT::turnOf, Collectors.counting()));
    assertThat(finished).hasSize(turns);
    assertThat(finished.values()).containsOnly(1L);
    assertThat(events.stream().map(Door.Event::id).filter(id -> !id.isEmpty()))
        .doesNotHaveDuplicates();
    assertThat(events.stream()
            .filter(event -> event.name().equals("turn.accepted"))
            .map(AlarmSurvivesIT::turnOf))
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(finished.keySet());
  }

  private static String turnOf(Door.Event event) {
    return event.data().path("turn_id").asText();
  }

  /** What the agent's journal says about alarms, in order. */
  private static List<String> alarmEvents(Door door) throws IOException, InterruptedException {
    JsonNode events = door.get("/v1/agents/assistant/events");
    return StreamSupport.stream(events.path("data").spliterator(), false)
        .flatMap(event -> StreamSupport.stream(event.path("changes").spliterator(), false))
        .map(change -> change.path("type").asText())
        .filter(type -> type.startsWith("alarm-"))
        .toList();
  }

  private static void assertNamesFriday(String answer) {
    assertThat(answer).containsIgnoringCase("friday").contains("9:00");
  }

  private static String newTurn() {
    return UUID.randomUUID().toString();
  }
}
