package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** What the tests of one story check and print alike. */
final class Story {
  private static final Duration LIMIT = Duration.ofMinutes(3);

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

  /** What waits for a person, once the projection has it; through a door that may not be open yet. */
  static JsonNode awaitInboxItem(Door door, String kind) {
    return await("the inbox has an item of the kind " + kind)
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(
            () -> StreamSupport.stream(door.get("/v1/inbox").path("data").spliterator(), false)
                .filter(item -> item.path("kind").asText().equals(kind))
                .findFirst(),
            Optional::isPresent)
        .orElseThrow();
  }

  /** Whoever died: what the caller's sessions have leased comes back, and what they used is counted once. */
  static void assertAccountHasWhatItsSessionsUsed(Door door, String... sessions)
      throws IOException, InterruptedException {
    long used = 0;
    for (var session : sessions) {
      used += door.get("/v1/sessions/" + session).path("usage").path("steps").asLong();
    }
    var account = await("nothing is leased")
        .atMost(LIMIT)
        .until(
            () -> door.get("/v1/budget").path("principal"),
            budget -> budget.path("leased").path("steps").asText().equals("0"));
    assertThat(account.path("used").path("steps").asLong()).isEqualTo(used).isPositive();
  }

  /** Print how long something took that began at this {@link System#nanoTime}. */
  static Duration measured(String what, long sinceNanos) {
    var took = Duration.ofNanos(System.nanoTime() - sinceNanos);
    System.out.printf("measured: %s: %d ms%n", what, took.toMillis());
    return took;
  }
}
