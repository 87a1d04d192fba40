package io.llmagentos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** {@code agentos up} as a process of its own, on free ports and a directory of its own. */
final class UpProcess implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration START_LIMIT = Duration.ofMinutes(3);

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final Path directory;
  private final int port;
  private final Process process;

  private UpProcess(Path directory, int port, Process process) {
    this.directory = directory;
    this.port = port;
    this.process = process;
  }

  /** Start it; nothing is up yet. */
  static UpProcess start(int nodes, Optional<String> settings) throws IOException {
    return start(nodes, 0, settings);
  }

  /** @param workers nodes more, for jobs */
  static UpProcess start(int nodes, int workers, Optional<String> settings) throws IOException {
    Path directory = Files.createTempDirectory("agentos-bench");
    int port = freePort();
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), "io.llmagentos.node.cli.Main"));
    command.addAll(
        List.of("up", "--port=" + port, "--nodes=" + nodes, "--data=" + directory.resolve("data")));
    if (workers > 0) {
      command.add("--workers=" + workers);
    }
    if (settings.isPresent()) {
      command.add(
          "--config=" + Files.writeString(directory.resolve("settings.conf"), settings.get()));
    }
    return new UpProcess(
        directory,
        port,
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("up.log").toFile())
            .start());
  }

  URI door(int node) {
    return URI.create("http://127.0.0.1:" + (port + node));
  }

  URI management(int node) {
    return URI.create("http://127.0.0.1:" + (port + 100 + node));
  }

  /** Where it and what it is told may write, until it is closed. */
  Path directory() {
    return directory;
  }

  /** The process of a node. */
  long pid(int node) throws IOException {
    return JSON.readTree(directory.resolve("data").resolve("cluster.json").toFile())
        .path("nodes")
        .path(node)
        .path("pid")
        .asLong();
  }

  /** What the process has printed so far. */
  String output() throws IOException {
    return Files.readString(directory.resolve("up.log"));
  }

  String get(URI uri) throws IOException, InterruptedException {
    return http.send(
            HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  /** The status and the answer. */
  HttpResponse<String> post(URI uri, String body) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofSeconds(150))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** The first answer that is no error; asks again every 20 ms. */
  JsonNode untilAnswered(URI uri, String body) throws IOException, InterruptedException {
    long end = System.nanoTime() + START_LIMIT.toNanos();
    while (System.nanoTime() < end && process.isAlive()) {
      try {
        HttpResponse<String> response = post(uri, body);
        if (response.statusCode() < 300) {
          return JSON.readTree(response.body());
        }
      } catch (IOException closed) {
        // not open yet
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    throw new IllegalStateException("no answer from " + uri + "; it printed\n" + output());
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      process.onExit().get(60, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException late) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    http.close();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort() % 10_000 + 20_000;
    }
  }
}
