package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An alarm set by talking outlives the death of every node that ever had to do with it, and is set and removed once. */
class AlarmSurvivesIT {
  /** The scripted model answers by rules, the same on every node. */
  private static final String SETTINGS = """
      llmagentos.model.nano = off
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
    int before = Story.alarmEvents(new Door(CLUSTER.door(0))).size();
    var chat = CLUSTER.chat("assistant");
    assertNamesFriday(chat.say("wake me up at nine am on friday"));
    var session = chat.session();

    int host = hostOf(session, CLUSTER.otherThan(-1));
    int survivor = CLUSTER.otherThan(host);
    CLUSTER.kill(host);
    long killed = System.nanoTime();
    var other = new Door(CLUSTER.door(survivor));
    var asked = other.say(session, Story.newTurn(), "what alarms do I have");
    assertThat(asked.path("status").asText()).isEqualTo("completed");
    assertNamesFriday(asked.path("answer").asText());
    Story.measured("kill -9 of a session's node, supervised, to its next answer", killed);
    CLUSTER.awaitAllUp();

    CLUSTER.kill(CLUSTER.indexOfDoor(chat.door()));
    assertNamesFriday(chat.say("what alarms do I have"));
    CLUSTER.awaitAllUp();

    CLUSTER.kill(CLUSTER.oldest());
    killed = System.nanoTime();
    assertNamesFriday(chat.say("what alarms do I have"));
    Story.measured("kill -9 of the oldest node, supervised, to the chat's next answer", killed);
    CLUSTER.awaitAllUp();

    var cancelled = chat.say("cancel the friday one");
    assertThat(cancelled).isNotBlank();
    assertThat(chat.say("what alarms do I have"))
        .doesNotContainIgnoringCase("friday")
        .doesNotContain("9:00");
    assertThat(chat.leave()).isZero();

    var last = Story.newTurn();
    var door = new Door(CLUSTER.door(0));
    door.say(session, last, "what alarms do I have");
    Story.assertEveryTurnFinishedOnce(door, session, last, 7);
    assertThat(Story.alarmEvents(door).stream().skip(before))
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
    int before = Story.alarmEvents(first).size();
    var turn = Story.newTurn();

    var answer = first.say(session, turn, "wake me up at six am on sunday");
    var repeated = second.say(session, turn, "wake me up at six am on sunday");

    assertThat(answer.path("status").asText()).isEqualTo("completed");
    assertThat(repeated.path("answer").asText()).isEqualTo(answer.path("answer").asText());
    assertThat(repeated.path("turn_id").asText()).isEqualTo(turn);
    assertThat(Story.alarmEvents(second)).hasSize(before + 1);
    Story.assertEveryTurnFinishedOnce(second, session, turn, 1);

    second.say(session, Story.newTurn(), "cancel the sunday one");
    assertThat(Story.alarmEvents(first)).hasSize(before + 2);
  }

  private static int hostOf(String session, int askThrough)
      throws IOException, InterruptedException {
    var address = new Door(CLUSTER.door(askThrough))
        .get("/v1/sessions/" + session)
        .path("node")
        .asText();
    return CLUSTER.indexOfAddress(address);
  }

  private static void assertNamesFriday(String answer) {
    assertThat(answer).containsIgnoringCase("friday").contains("9:00");
  }
}
