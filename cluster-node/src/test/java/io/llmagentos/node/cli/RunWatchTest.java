package io.llmagentos.node.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Doors are HTTP servers of the test's: it says when they die or fall silent. */
@Timeout(60)
class RunWatchTest {
  private static final String FIRST = "id: 1\nevent: metrics\ndata: {\"x\":10,\"y\":1}\n\n";
  private static final String LAST = """
      id: 2
      event: metrics
      data: {"x":20,"y":2}

      event: status
      data: {"status":"completed","reason":"enough"}

      """;

  private final List<HttpServer> servers = new ArrayList<>();
  private final List<String> resumed = new CopyOnWriteArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);

  @TempDir
  private Path directory;

  /** What a door does once it has told what it knows. */
  private enum Then {
    END,
    DIE,
    BE_SILENT
  }

  @AfterEach
  void stop() {
    over.countDown();
    servers.forEach(server -> server.stop(0));
  }

  @Test
  void shouldGoOnThroughAnotherDoorWhenOneDies() throws IOException {
    RunWatch watch = watch(door(FIRST, Then.DIE), door(LAST, Then.END));
    assertThat(watch.call()).isEqualTo("completed");
    assertThat(resumed).containsExactly("0", "1");
    assertThat(Files.readAllLines(directory.resolve("progress.jsonl")))
        .containsExactly("{\"x\":10,\"y\":1}", "{\"x\":20,\"y\":2}");
  }

  @Test
  void shouldGoOnThroughAnotherDoorWhenOneFallsSilent() throws IOException {
    RunWatch watch = watch(door(FIRST, Then.BE_SILENT), door(LAST, Then.END));
    assertThat(watch.call()).isEqualTo("completed");
    assertThat(resumed).containsExactly("0", "1");
  }

  @Test
  void shouldSaySoWhenTheWholeClusterDies() throws IOException {
    RunWatch watch = watch(door(FIRST, Then.DIE));
    assertThatThrownBy(watch::call)
        .isInstanceOfSatisfying(
            AgentOsException.class,
            lost -> assertThat(lost.code()).isEqualTo(ErrorCode.UNAVAILABLE))
        .hasMessageContaining("lost the cluster while job j")
        .hasMessageContaining("--id j")
        .hasMessageContaining(directory.toString())
        .hasMessageContaining("no door answered within 2 s");
    assertThat(Files.readAllLines(directory.resolve("progress.jsonl"))).hasSize(1);
    assertThat(watch.curve().x()).containsExactly(10);
  }

  private RunWatch watch(HttpServer... doors) throws IOException {
    List<URI> candidates = List.of(doors).stream()
        .map(door -> URI.create("http://127.0.0.1:" + door.getAddress().getPort()))
        .toList();
    return new RunWatch(
        new Doors(candidates, Duration.ofSeconds(2), Duration.ofSeconds(20), Duration.ofSeconds(2)),
        "j",
        directory);
  }

  private HttpServer door(String events, Then then) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/jobs/j/metrics", exchange -> {
      resumed.add(exchange.getRequestHeaders().getFirst("Last-Event-ID"));
      exchange.sendResponseHeaders(200, 0);
      OutputStream body = exchange.getResponseBody();
      body.write(events.getBytes(StandardCharsets.UTF_8));
      body.flush();
      switch (then) {
        case END -> body.close();
        case DIE -> server.stop(0);
        case BE_SILENT -> awaitTheEnd();
      }
    });
    server.createContext("/v1/jobs/j/checkpoint", exchange -> answer(exchange, 404, "{}"));
    server.createContext(
        "/v1/jobs/j",
        exchange -> answer(exchange, 200, "{\"name\":\"j\",\"curve\":{\"x\":\"x\",\"y\":\"y\"}}"));
    server.createContext("/v1/cluster", exchange -> answer(exchange, 200, "{\"members\":[]}"));
    server.start();
    servers.add(server);
    return server;
  }

  private void awaitTheEnd() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }
}
