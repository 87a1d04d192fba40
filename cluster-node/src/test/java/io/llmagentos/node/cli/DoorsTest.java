package io.llmagentos.node.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DoorsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final List<HttpServer> servers = new ArrayList<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();

  @AfterEach
  void stop() {
    servers.forEach(server -> server.stop(0));
  }

  @Test
  void shouldGoOnThroughAnotherDoorWhenTheFirstIsGone() throws IOException {
    var first = door("a", 200, "{\"from\":\"a\"}");
    var second = door("b", 200, "{\"from\":\"b\"}");
    var doors = doors(uri(first), uri(second));
    assertThat(doors.get("/v1/x").path("from").asText()).isEqualTo("a");

    first.stop(0);

    assertThat(doors.post("/v1/x", Map.of("turn_id", "1")).path("from").asText())
        .isEqualTo("b");
    assertThat(doors.first()).isEqualTo(uri(second));
  }

  @Test
  void shouldPassByADoorThatIsUnavailable() throws IOException {
    var doors = doors(uri(door("a", 503, "{}")), uri(door("b", 200, "{\"from\":\"b\"}")));
    assertThat(doors.get("/v1/x").path("from").asText()).isEqualTo("b");
    assertThat(asked).containsExactly("a", "b");
  }

  @Test
  void shouldFindTheDoorsThatTheClusterNames() throws IOException {
    var hidden = door("hidden", 200, "{\"from\":\"hidden\"}");
    var known = door("known", 200, "{\"from\":\"known\"}");
    known.createContext(
        "/v1/cluster",
        exchange -> answer(
            exchange, 200, "{\"members\":[{\"status\":\"Up\",\"door\":\"" + uri(hidden) + "\"}]}"));
    var doors = doors(uri(known));
    assertThat(doors.get("/v1/x").path("from").asText()).isEqualTo("known");

    known.stop(0);

    assertThat(doors.get("/v1/x").path("from").asText()).isEqualTo("hidden");
  }

  @Test
  void shouldSaySoWhenNoDoorAnswers() throws IOException {
    var gone = door("a", 200, "{}");
    gone.stop(0);
    assertThatThrownBy(() -> doors(uri(gone)).get("/v1/x"))
        .isInstanceOfSatisfying(
            AgentOsException.class,
            error -> assertThat(error.code()).isEqualTo(ErrorCode.UNAVAILABLE))
        .hasMessageContaining(uri(gone).toString())
        .hasMessageContaining("agentos up");
  }

  @Test
  void shouldKeepTheServersErrorAndNotRepeatIt() throws IOException {
    var refusal = "{\"error\":{\"code\":\"model_not_found\",\"message\":\"no model 'x'\"}}";
    var doors = doors(uri(door("a", 404, refusal)), uri(door("b", 200, "{}")));
    assertThatThrownBy(() -> doors.get("/v1/x"))
        .isInstanceOfSatisfying(
            AgentOsException.class,
            error -> assertThat(error.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND))
        .hasMessage("no model 'x'");
    assertThat(asked).containsExactly("a");
  }

  @Test
  void shouldReadEventsUntilTheStreamEnds() throws IOException {
    var text =
        ": keep-alive\n\nid: 7\nevent: notice\ndata: {\"a\":\ndata: 1}\n\nevent: turn.finished\ndata:{}\n\n";
    var doors = doors(uri(door("a", 200, text)));
    try (var stream = doors.stream("GET", "/v1/x", null, Map.of())) {
      assertThat(stream.next()).isEqualTo(new EventStream.Event("7", "notice", "{\"a\":\n1}"));
      assertThat(stream.next()).isEqualTo(new EventStream.Event("", "turn.finished", "{}"));
      assertThat(stream.next()).isNull();
    }
  }

  private static Doors doors(URI... candidates) {
    return new Doors(List.of(candidates), PATIENCE, Duration.ofSeconds(5), Duration.ofSeconds(5));
  }

  private HttpServer door(String name, int status, String body) throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/x", exchange -> {
      asked.add(name);
      answer(exchange, status, body);
    });
    server.start();
    servers.add(server);
    return server;
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private static URI uri(HttpServer server) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }
}
