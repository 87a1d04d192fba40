package io.llmagentos.model.training.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.Node;
import io.llmagentos.node.boot.NodeBoot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** One node in this process, reached over HTTP. */
final class TestNode implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  record Answer(int status, JsonNode body) {
    String message() {
      return body.path("error").path("message").asText();
    }

    String param() {
      return body.path("error").path("param").asText();
    }
  }

  private final Node node;
  private final HttpClient http = HttpClient.newHttpClient();

  /** @param settings HOCON on top */
  TestNode(Path data, String settings) throws IOException {
    this.node = NodeBoot.start(
        ConfigFactory.parseString(settings).withFallback(ConfigFactory.parseString("""
        llmagentos.node { data-dir = "%s", artery-port = %d }
        llmagentos.http { port = %d, management-port = %d }
        llmagentos.model { nano = off, publication-poll = 50ms, local.threads = 1 }
        llmagentos.jobs.cores = 16
        pekko.loglevel = WARNING
        """.formatted(
                data, freePort(), freePort(), freePort()))));
  }

  Node node() {
    return node;
  }

  Answer post(String path, Object body) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(node.door().resolve(path))
        .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body))));
  }

  Answer get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(node.door().resolve(path)));
  }

  private Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
    HttpResponse<byte[]> response =
        http.send(request.timeout(LIMIT).build(), HttpResponse.BodyHandlers.ofByteArray());
    return new Answer(response.statusCode(), JSON.readTree(response.body()));
  }

  byte[] checkpoint(String id) throws IOException, InterruptedException {
    HttpResponse<byte[]> response = http.send(
        HttpRequest.newBuilder(node.door().resolve("/v1/jobs/" + id + "/checkpoint"))
            .timeout(LIMIT)
            .build(),
        HttpResponse.BodyHandlers.ofByteArray());
    assertThat(response.statusCode())
        .as(new String(response.body(), StandardCharsets.UTF_8))
        .isEqualTo(200);
    return response.body();
  }

  List<JsonNode> metrics(String id) throws IOException, InterruptedException {
    HttpResponse<String> response = http.send(
        HttpRequest.newBuilder(node.door().resolve("/v1/jobs/" + id + "/metrics"))
            .timeout(LIMIT)
            .build(),
        HttpResponse.BodyHandlers.ofString());
    List<JsonNode> lines = new ArrayList<>();
    for (String line : response.body().lines().toList()) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  String submit(Map<String, ?> job) throws IOException, InterruptedException {
    Answer answer = post("/v1/jobs", job);
    assertThat(answer.status()).as(answer.body().toString()).isEqualTo(201);
    return answer.body().path("id").asText();
  }

  JsonNode job(String id) throws IOException, InterruptedException {
    return get("/v1/jobs/" + id).body();
  }

  /** The job at its end, whatever it is; or as soon as it has the status. */
  JsonNode await(String id, String status) throws IOException, InterruptedException {
    Awaitility.await(status).atMost(LIMIT).pollInterval(Duration.ofMillis(20)).until(() -> {
      String now = job(id).path("status").asText();
      return now.equals(status) || now.equals("completed") || now.equals("failed");
    });
    JsonNode job = job(id);
    assertThat(job.path("status").asText()).as(job.toString()).isEqualTo(status);
    return job;
  }

  @Override
  public void close() {
    node.stop().toCompletableFuture().join();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
