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
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** From starting {@code agentos up}, on an empty directory, to the first answered request of the assistant with its own model. */
@Command(
    name = "start",
    mixinStandardHelpOptions = true,
    description = "Start to first answered request.")
final class StartBench implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @Option(names = "--rounds", description = "Whose median counts (default: ${DEFAULT-VALUE}).")
  private int rounds = 5;

  @Option(names = "--nodes", description = "Nodes of the cluster (default: ${DEFAULT-VALUE}).")
  private int nodes = 1;

  private final HttpClient http = HttpClient.newHttpClient();

  @Override
  public Integer call() throws Exception {
    List<Double> doors = new ArrayList<>();
    List<Double> answers = new ArrayList<>();
    for (int round = 1; round <= rounds; round++) {
      double[] seconds = once();
      doors.add(seconds[0]);
      answers.add(seconds[1]);
      System.out.printf(
          "round %d: door open after %.1f s, first answer after %.1f s%n",
          round, seconds[0], seconds[1]);
    }
    System.out.printf(
        "median: door open after %.1f s, first answer after %.1f s (%d nodes)%n",
        median(doors), median(answers), nodes);
    return 0;
  }

  private double[] once() throws Exception {
    Path directory = Files.createTempDirectory("agentos-bench");
    int port = freePort();
    long started = System.nanoTime();
    Process up = new ProcessBuilder(command(port, directory))
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("up.log").toFile())
        .start();
    try {
      String door = "http://127.0.0.1:" + port;
      JsonNode session = untilAnswered(up, door + "/v1/sessions", "{\"agent\": \"assistant\"}");
      double opened = (System.nanoTime() - started) / 1e9;
      untilAnswered(
          up,
          door + "/v1/sessions/" + session.path("id").asText() + "/messages",
          "{\"content\": \"wake me up at nine am on friday\"}");
      return new double[] {opened, (System.nanoTime() - started) / 1e9};
    } finally {
      up.destroy();
      if (!up.waitFor(30, TimeUnit.SECONDS)) {
        up.descendants().forEach(ProcessHandle::destroyForcibly);
        up.destroyForcibly();
      }
      try (Stream<Path> files = Files.walk(directory)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }

  private List<String> command(int port, Path directory) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), "io.llmagentos.node.cli.Main"));
    command.addAll(
        List.of("up", "--port=" + port, "--nodes=" + nodes, "--data=" + directory.resolve("data")));
    return command;
  }

  /** The first answer that is no error; asks again every 20 ms. */
  private JsonNode untilAnswered(Process up, String uri, String body) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(uri))
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
    long end = System.nanoTime() + LIMIT.toNanos();
    while (System.nanoTime() < end && up.isAlive()) {
      try {
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() < 300) {
          return JSON.readTree(response.body());
        }
      } catch (IOException closed) {
        // not open yet
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    throw new IllegalStateException("no answer from " + uri);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort() % 10_000 + 20_000;
    }
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
