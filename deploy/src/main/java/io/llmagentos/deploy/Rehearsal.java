package io.llmagentos.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.boot.SoloNode;
import io.llmagentos.node.cli.CliCommands;
import io.llmagentos.node.cli.Main;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/**
 * Goes through what nodes and their users do, so that a JVM which records ({@code -XX:AOTCacheOutput}) has seen the classes and the hot methods of a start, a
 * turn and a training. The launcher does so once, after it has built.
 */
public final class Rehearsal implements CliCommands {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String TRAINING = """
      name: rehearsal
      type: rl/ppo
      stop: {num_env_steps_sampled_lifetime: 60000}
      environment: {env: CartPole-v1}
      env_runners: {num_env_runners: 2, num_envs_per_env_runner: 4}
      training: {train_batch_size_per_learner: 1024, minibatch_size: 128, num_epochs: 8}
      """;

  @Override
  public List<Object> commands() {
    return List.of(new Rehearse());
  }

  @Command(
      name = "rehearse",
      hidden = true,
      description = "Go through a start, a turn and a training, for a JVM that records.")
  static final class Rehearse implements Callable<Integer> {
    private final HttpClient http = HttpClient.newHttpClient();

    @Override
    public Integer call() throws Exception {
      Path directory = Files.createTempDirectory("agentos-rehearsal");
      try (SoloNode solo = SoloNode.start(ConfigFactory.empty())) {
        turn(solo.port());
        Path job = Files.writeString(directory.resolve("rehearsal.yaml"), TRAINING);
        String port = "--port=" + solo.port();
        return Main.commandLine().execute("status", port)
            + Main.commandLine().execute("run", port, "--output=" + directory, job.toString());
      } finally {
        try (Stream<Path> files = Files.walk(directory)) {
          for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
    }

    private void turn(int port) throws IOException, InterruptedException {
      String sessions = "/v1/sessions";
      JsonNode session = JSON.readTree(post(port, sessions, "{\"agent\": \"assistant\"}"));
      String messages = sessions + "/" + session.path("id").asText() + "/messages";
      post(port, messages, "{\"content\": \"wake me up at nine am on friday\"}");
    }

    private String post(int port, String path, String body)
        throws IOException, InterruptedException {
      HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(body))
          .build();
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() / 100 != 2) {
        throw new IllegalStateException(path + " was answered " + answer.body());
      }
      return answer.body();
    }
  }
}
