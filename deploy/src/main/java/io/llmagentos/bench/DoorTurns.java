package io.llmagentos.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** Sessions of a cluster that is up, each through a door of its own choice, over HTTP. */
final class DoorTurns {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<URI> messages = new ArrayList<>();

  /** Open sessions with an agent, one door after the other. */
  DoorTurns(List<String> doors, String agent, int sessions) {
    for (int session = 0; session < sessions; session++) {
      URI opening = URI.create(doors.get(session % doors.size()) + "/v1/sessions");
      String id = post(opening, Map.of("agent", agent, "user", "bench-" + session))
          .thenApply(DoorTurns::id)
          .toCompletableFuture()
          .join();
      messages.add(URI.create(opening + "/" + id + "/messages"));
    }
  }

  /** Completes at the turn's end. */
  CompletionStage<HttpResponse<String>> say(int session, String text) {
    return post(messages.get(session), Map.of("content", text, "stream", false));
  }

  private static String id(HttpResponse<String> opened) {
    try {
      return JSON.readTree(opened.body()).path("id").asText();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(opened.body(), e);
    }
  }

  private CompletionStage<HttpResponse<String>> post(URI to, Map<String, ?> body) {
    HttpRequest request = HttpRequest.newBuilder(to)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(JSON.valueToTree(body).toString()))
        .build();
    return http.sendAsync(request, HttpResponse.BodyHandlers.ofString()).thenApply(response -> {
      if (response.statusCode() / 100 != 2) {
        throw new IllegalStateException(
            to + " answered " + response.statusCode() + ": " + response.body());
      }
      return response;
    });
  }
}
