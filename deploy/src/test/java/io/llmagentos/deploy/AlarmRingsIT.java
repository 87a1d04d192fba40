package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An alarm rings in what is open, and rings late when nothing was up at its time. */
class AlarmRingsIT {
  private static final String SETTINGS = """
      llmagentos.model.nano = off
      llmagentos.agent { model = scripted, zone = "Europe/Berlin" }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "wake me up (?<time>in .*)", call = alarm_set }
          { when = "what alarms", call = alarm_query }
        ]
      }
      """;

  @RegisterExtension
  static final LocalCluster CLUSTER = new LocalCluster("alarm-rings", 1, SETTINGS);

  @Test
  void shouldRingInAnOpenStreamAndLateAfterEverythingWasDown()
      throws IOException, InterruptedException {
    var door = new Door(CLUSTER.door(0));
    var session =
        door.post("/v1/sessions", Map.of("agent", "assistant")).path("id").asText();
    assertThat(say(door, session, "wake me up in 2 seconds")).contains("Alarm set");
    var rings = door.replay(session, event -> event.name().equals("notice"));
    assertThat(rings.getLast().data().path("kind").asText()).isEqualTo("alarm_rang");
    assertThat(rings.getLast().data().path("text").asText()).startsWith("Alarm: ");

    assertThat(say(door, session, "wake me up in 5 seconds")).contains("Alarm set");
    Instant due = Instant.now().plusSeconds(5);
    CLUSTER.killEverything();
    await("the time of the alarm")
        .atMost(Duration.ofSeconds(30))
        .until(() -> Instant.now().isAfter(due));
    CLUSTER.up();

    var again = new Door(CLUSTER.door(0));
    var late = again.replay(
        session,
        event -> event.name().equals("notice")
            && !event.data().path("id").equals(rings.getLast().data().path("id")));
    assertThat(late.getLast().data().path("text").asText()).startsWith("Alarm: ");
    assertThat(say(again, session, "what alarms do I have")).isEqualTo("You have no alarms.");
    assertThat(changes(again))
        .containsExactly("alarm-set", "alarm-rang", "alarm-set", "alarm-rang");
  }

  private static String say(Door door, String session, String text)
      throws IOException, InterruptedException {
    return door.say(session, UUID.randomUUID().toString(), text).path("answer").asText();
  }

  private static List<String> changes(Door door) throws IOException, InterruptedException {
    return StreamSupport.stream(
            door.get("/v1/agents/assistant/events").path("data").spliterator(), false)
        .flatMap(event -> StreamSupport.stream(event.path("changes").spliterator(), false))
        .map(change -> change.path("type").asText())
        .toList();
  }
}
