package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** What the tests of one story check and print alike. */
final class Story {
  private Story() {}

  /** The stream from its beginning: each turn accepted once and finished once, each event once, ids rising. */
  static void assertEveryTurnFinishedOnce(Door door, String session, String last, int turns)
      throws IOException, InterruptedException {
    var events = door.replay(
        session, event -> event.name().equals("turn.finished") && turnOf(event).equals(last));
    var finished = events.stream()
        .filter(event -> event.name().equals("turn.finished"))
        .collect(Collectors.groupingBy(Story::turnOf, Collectors.counting()));
    assertThat(finished).hasSize(turns);
    assertThat(finished.values()).containsOnly(1L);
    assertThat(events.stream().map(Door.Event::id).filter(id -> !id.isEmpty()))
        .doesNotHaveDuplicates();
    assertThat(events.stream()
            .filter(event -> event.name().equals("turn.accepted"))
            .map(Story::turnOf))
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(finished.keySet());
  }

  private static String turnOf(Door.Event event) {
    return event.data().path("turn_id").asText();
  }

  /** What the agent's journal says about alarms, in order. */
  static List<String> alarmEvents(Door door) throws IOException, InterruptedException {
    JsonNode events = door.get("/v1/agents/assistant/events");
    return StreamSupport.stream(events.path("data").spliterator(), false)
        .flatMap(event -> StreamSupport.stream(event.path("changes").spliterator(), false))
        .map(change -> change.path("type").asText())
        .filter(type -> type.startsWith("alarm-"))
        .toList();
  }

  /** A new session of the assistant. */
  static String open(Door door) throws IOException, InterruptedException {
    return open(door, "assistant");
  }

  static String open(Door door, String agent) throws IOException, InterruptedException {
    return door.post("/v1/sessions", Map.of("agent", agent)).path("id").asText();
  }

  static String newTurn() {
    return UUID.randomUUID().toString();
  }

  /** Print how long something took that began at this {@link System#nanoTime}. */
  static Duration measured(String what, long sinceNanos) {
    var took = Duration.ofNanos(System.nanoTime() - sinceNanos);
    System.out.printf("measured: %s: %d ms%n", what, took.toMillis());
    return took;
  }
}
