package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/** One door of a cluster, as any HTTP client sees it. No retries: what fails, fails. */
final class Door {
  private static final Duration ANSWER = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(Duration.ofSeconds(5))
      .build();

  /** A server-sent event. */
  record Event(String id, String name, JsonNode data) {}

  record Answer(int status, JsonNode body) {}

  private final String door;

  Door(String door) {
    this.door = door;
  }

  JsonNode get(String path) throws IOException, InterruptedException {
    return send(request(path).GET().build());
  }

  JsonNode post(String path, Map<String, ?> body) throws IOException, InterruptedException {
    return send(request(path)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
        .build());
  }

  /** Whatever a post is answered, errors too. */
  Answer exchange(String path, Map<String, ?> body) throws IOException, InterruptedException {
    var response = HTTP.send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
            .build(),
        BodyHandlers.ofString());
    return new Answer(response.statusCode(), JSON.readTree(response.body()));
  }

  /** Say something in a session, without a stream; returns the finished turn. */
  JsonNode say(String session, String turn, String text) throws IOException, InterruptedException {
    return post(
        "/v1/sessions/" + session + "/messages",
        Map.of("turn_id", turn, "content", text, "stream", false));
  }

  /** Begin to say something in a session, whatever comes of it. */
  CompletableFuture<Answer> saying(String session, String turn, String text) throws IOException {
    var body = Map.of("turn_id", turn, "content", text, "stream", false);
    return HTTP.sendAsync(
            request("/v1/sessions/" + session + "/messages")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                .build(),
            BodyHandlers.ofString())
        .thenApply(response -> new Answer(response.statusCode(), tree(response.body())));
  }

  /** How a turn of a session stands; empty when the session has no such turn. */
  String statusOf(String session, String turn) throws IOException, InterruptedException {
    for (var each : get("/v1/sessions/" + session).path("turns")) {
      if (each.path("turn_id").asText().equals(turn)) {
        return each.path("status").asText();
      }
    }
    return "";
  }

  /** The names of a session's events from its beginning until the server ends the stream. */
  List<String> untilTheStreamEnds(String session) {
    var request = request("/v1/sessions/" + session + "/events")
        .header("Accept", "text/event-stream")
        .header("Last-Event-ID", "0")
        .build();
    try (var lines = HTTP.send(request, BodyHandlers.ofLines()).body()) {
      return lines
          .filter(line -> line.startsWith("event:"))
          .map(line -> line.substring(6).strip())
          .toList();
    } catch (IOException | InterruptedException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** All events of a session from its beginning up to and including the first that is {@code last}. */
  List<Event> replay(String session, Predicate<Event> last)
      throws IOException, InterruptedException {
    return read(
        request("/v1/sessions/" + session + "/events")
            .header("Accept", "text/event-stream")
            .header("Last-Event-ID", "0")
            .build(),
        last);
  }

  /** Say something in a session and hear the events up to and including the first that is {@code last}. */
  List<Event> hear(String session, String turn, String text, Predicate<Event> last)
      throws IOException, InterruptedException {
    var body = Map.of("turn_id", turn, "content", text, "stream", true);
    return read(
        request("/v1/sessions/" + session + "/messages")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
            .build(),
        last);
  }

  private static List<Event> read(HttpRequest request, Predicate<Event> last)
      throws IOException, InterruptedException {
    var events = new ArrayList<Event>();
    var response = HTTP.send(request, BodyHandlers.ofLines());
    assertThat(response.statusCode()).isEqualTo(200);
    try (var lines = response.body()) {
      String id = "";
      String name = "";
      var data = new StringBuilder();
      for (var each = lines.iterator(); each.hasNext(); ) {
        var line = each.next();
        if (line.startsWith("id:")) {
          id = line.substring(3).strip();
        } else if (line.startsWith("event:")) {
          name = line.substring(6).strip();
        } else if (line.startsWith("data:")) {
          data.append(line.substring(5));
        } else if (line.isEmpty() && !data.isEmpty()) {
          var event = new Event(id, name, JSON.readTree(data.toString()));
          events.add(event);
          data.setLength(0);
          if (last.test(event)) {
            return events;
          }
        }
      }
    }
    throw new AssertionError("the stream ended before its last event; it had " + events);
  }

  private static JsonNode tree(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(json, e);
    }
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(door + path)).timeout(ANSWER);
  }

  private static JsonNode send(HttpRequest request) throws IOException, InterruptedException {
    var response = HTTP.send(request, BodyHandlers.ofString());
    assertThat(response.statusCode() / 100)
        .as(request + " answered " + response.statusCode() + ": " + response.body())
        .isEqualTo(2);
    return JSON.readTree(response.body());
  }
}
