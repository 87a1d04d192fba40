package io.llmagentos.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP doors of a cluster. A request goes to the door that answered last; when that one is gone, or says that it is
 * unavailable, the same request goes to the next, until one answers or patience ends. So every request sent through here must
 * be one that may be repeated. Thread-safe.
 */
public final class Doors {
  private static final Duration PROBE = Duration.ofSeconds(2);
  /** Doors say something every ten seconds. */
  private static final Duration SILENCE = Duration.ofSeconds(40);

  private static final Duration PAUSE = Duration.ofMillis(200);

  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(PROBE)
      .build();
  private final String where;
  private final Duration patience;
  private final Duration answerLimit;
  private final Duration silence;
  private final LinkedHashSet<URI> doors = new LinkedHashSet<>();
  private boolean membersKnown;

  /**
   * The doors of a cluster on this machine.
   *
   * @param patience how long to go on looking for a door that answers
   */
  public static Doors near(int basePort, Duration patience) {
    return new Doors(
        IntStream.range(0, PortPlan.MAX_NODES)
            .mapToObj(node -> URI.create("http://" + PortPlan.HOST + ":" + (basePort + node)))
            .toList(),
        patience,
        Duration.ofSeconds(60),
        SILENCE);
  }

  /**
   * @param answerLimit how long one door may take to answer before the next is tried
   * @param silence after which a stream without a word is taken for broken
   */
  Doors(List<URI> candidates, Duration patience, Duration answerLimit, Duration silence) {
    this.where = candidates.getFirst() + " (and " + (candidates.size() - 1) + " more)";
    this.doors.addAll(candidates);
    this.patience = patience;
    this.answerLimit = answerLimit;
    this.silence = silence;
  }

  /** The door that the next request tries first. */
  public synchronized URI first() {
    return doors.getFirst();
  }

  /** Try this door last from now on: a stream that came from it broke. */
  public synchronized void broken(URI door) {
    if (doors.remove(door)) {
      doors.addLast(door);
    }
    membersKnown = false;
  }

  /** Read JSON; an error status becomes an {@link AgentOsException} with the server's code and text. */
  public JsonNode get(String path) {
    return answered(send("GET", path, null, Map.of(), BodyHandlers.ofString()));
  }

  /** Read bytes; empty where the server has none (404). */
  public byte[] bytes(String path) {
    HttpResponse<byte[]> response = send("GET", path, null, Map.of(), BodyHandlers.ofByteArray());
    if (response.statusCode() == ErrorCode.NOT_FOUND.httpStatus()) {
      return new byte[0];
    } else if (response.statusCode() / 100 != 2) {
      throw refusal(
          response.statusCode(),
          new String(response.body(), java.nio.charset.StandardCharsets.UTF_8));
    }
    return response.body();
  }

  /** Post JSON and read JSON, as {@link #get} does. */
  public JsonNode post(String path, Object body) {
    return answered(send("POST", path, body, Map.of(), BodyHandlers.ofString()));
  }

  /** Delete something and read JSON, as {@link #get} does. */
  public JsonNode delete(String path) {
    return answered(send("DELETE", path, null, Map.of(), BodyHandlers.ofString()));
  }

  /** Open a stream of server-sent events. The caller closes it. */
  public EventStream stream(
      String method, String path, @Nullable Object body, Map<String, String> headers) {
    var wanted = new java.util.HashMap<>(headers);
    wanted.put("Accept", "text/event-stream");
    HttpResponse<InputStream> response =
        send(method, path, body, wanted, BodyHandlers.ofInputStream());
    if (response.statusCode() / 100 != 2) {
      try (var error = response.body()) {
        throw refusal(
            response.statusCode(),
            new String(error.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
      } catch (IOException lost) {
        throw refusal(response.statusCode(), "");
      }
    }
    URI uri = response.uri();
    return new EventStream(
        URI.create(uri.getScheme() + "://" + uri.getAuthority()), response.body(), silence);
  }

  private <T> HttpResponse<T> send(
      String method,
      String path,
      @Nullable Object body,
      Map<String, String> headers,
      BodyHandler<T> handler) {
    long deadline = System.nanoTime() + patience.toNanos();
    String lastFailure = "no answer";
    do {
      learnMembers();
      for (var door : inOrder()) {
        try {
          var response = http.send(request(door, method, path, body, headers), handler);
          if (response.statusCode() != ErrorCode.UNAVAILABLE.httpStatus()) {
            preferred(door);
            return response;
          }
          close(response.body());
          lastFailure = door + " is unavailable";
        } catch (IOException gone) {
          lastFailure = door + ": " + gone;
          broken(door);
        } catch (InterruptedException ended) {
          Thread.currentThread().interrupt();
          throw new AgentOsException(ErrorCode.STOPPED, "interrupted");
        }
      }
    } while (pause(deadline));
    throw new AgentOsException(
        ErrorCode.UNAVAILABLE,
        "no door answered within " + patience.toSeconds() + " s at " + where + "; last: "
            + lastFailure + ". Start a cluster with ./agentos up, or name its port with --port");
  }

  private HttpRequest request(
      URI door, String method, String path, @Nullable Object body, Map<String, String> headers)
      throws IOException {
    var request = HttpRequest.newBuilder(door.resolve(path)).timeout(answerLimit);
    headers.forEach(request::header);
    if (body == null) {
      return request.method(method, HttpRequest.BodyPublishers.noBody()).build();
    }
    return request
        .header("Content-Type", "application/json")
        .method(method, HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body)))
        .build();
  }

  /** Ask the first live door for the others: a cluster may have doors that the base port does not lead to. */
  private void learnMembers() {
    if (!startLearning()) {
      return;
    }
    for (var door : inOrder()) {
      try {
        var request =
            HttpRequest.newBuilder(door.resolve("/v1/cluster")).timeout(PROBE).build();
        var answer = http.send(request, BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
          learn(door, json.readTree(answer.body()));
          return;
        }
      } catch (IOException gone) {
        // the next one
      } catch (InterruptedException ended) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private synchronized boolean startLearning() {
    boolean needed = !membersKnown;
    membersKnown = true;
    return needed;
  }

  private synchronized void learn(URI answered, JsonNode cluster) {
    var live = new ArrayList<URI>();
    live.add(answered);
    for (var member : cluster.path("members")) {
      var door = member.path("door").asText("");
      if (!door.isEmpty() && member.path("status").asText().equalsIgnoreCase("up")) {
        live.add(URI.create(door));
      }
    }
    var rest = List.copyOf(doors);
    doors.clear();
    doors.addAll(live);
    doors.addAll(rest);
  }

  private synchronized List<URI> inOrder() {
    return List.copyOf(doors);
  }

  private synchronized void preferred(URI door) {
    doors.remove(door);
    doors.addFirst(door);
  }

  private static boolean pause(long deadline) {
    if (System.nanoTime() + PAUSE.toNanos() > deadline) {
      return false;
    }
    try {
      Thread.sleep(PAUSE);
      return true;
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static void close(Object body) throws IOException {
    if (body instanceof InputStream stream) {
      stream.close();
    }
  }

  private JsonNode answered(HttpResponse<String> response) {
    if (response.statusCode() / 100 != 2) {
      throw refusal(response.statusCode(), response.body());
    }
    try {
      return json.readTree(response.body());
    } catch (IOException garbled) {
      throw new AgentOsException(
          ErrorCode.INTERNAL,
          response.uri() + " answered something that is not JSON",
          null,
          garbled);
    }
  }

  private AgentOsException refusal(int status, String body) {
    String text = "HTTP status " + status;
    var code = ErrorCode.INTERNAL;
    for (var known : ErrorCode.values()) {
      if (known.httpStatus() == status) {
        code = known;
        break;
      }
    }
    try {
      var error = json.readTree(body).path("error");
      text = error.path("message").asText(text);
      var id = error.path("code").asText();
      for (var known : ErrorCode.values()) {
        if (known.id().equals(id)) {
          code = known;
        }
      }
    } catch (IOException notOurs) {
      // the status says enough
    }
    return new AgentOsException(code, text);
  }
}
