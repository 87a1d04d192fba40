package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that come to a turn while it runs. */
class ReconnectTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("");

  private static final String WHOLE =
      IntStream.rangeClosed(1, 24).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));

  @Test
  void shouldTellAClientThatComesBackTheAnswerFromItsBeginning() throws Exception {
    NODE.post("/v1/sessions", "{\"agent\":\"assistant\",\"id\":\"back\"}");
    List<String> first = NODE.stream(saying(), data -> data.contains("\"offset\":3"));
    assertThat(first.getLast()).contains("w2 ");

    List<String> again = NODE.stream(saying(), data -> false);
    assertThat(text(again)).isEqualTo(WHOLE);
    assertThat(RunningNode.JSON.readTree(again.getLast()).path("answer").asText())
        .isEqualTo(WHOLE);
    assertThat(NODE.models().asked("at length, again"))
        .as("said twice, asked once")
        .hasSize(1);
  }

  @Test
  void shouldTellAWatcherThatComesLateTheAnswerFromItsBeginning() throws Exception {
    NODE.post("/v1/sessions", "{\"agent\":\"assistant\",\"id\":\"watched\"}");
    var answer = NODE.client()
        .sendAsync(
            NODE.request("/v1/sessions/watched/messages")
                .POST(HttpRequest.BodyPublishers.ofString(
                    "{\"turn_id\":\"t\",\"content\":\"at length, watched\"}"))
                .build(),
            java.net.http.HttpResponse.BodyHandlers.ofString());
    await("the model is asked")
        .until(() -> !NODE.models().asked("at length, watched").isEmpty());
    List<String> events = NODE.stream(
        NODE.request("/v1/sessions/watched/events", "Last-Event-ID", "0").GET().build(),
        data -> data.contains("\"status\":\"completed\""));
    assertThat(text(events)).isEqualTo(WHOLE);
    assertThat(RunningNode.JSON.readTree(answer.join().body()).path("answer").asText())
        .isEqualTo(WHOLE);
  }

  private static HttpRequest saying() {
    return NODE.request("/v1/sessions/back/messages")
        .POST(HttpRequest.BodyPublishers.ofString(
            "{\"turn_id\":\"t\",\"content\":\"at length, again\",\"stream\":true}"))
        .build();
  }

  /** What the deltas are together, each beginning where the one before ended. */
  private static String text(List<String> events) throws Exception {
    StringBuilder text = new StringBuilder();
    for (String data : events) {
      JsonNode event = RunningNode.JSON.readTree(data);
      if (event.has("offset")) {
        assertThat(event.path("offset").asInt()).isEqualTo(text.length());
        text.append(event.path("text").asText());
      }
    }
    return text.toString();
  }
}
