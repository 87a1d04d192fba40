package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.rl.algorithm.Algorithm;
import io.llmagentos.rl.algorithm.Experiment;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two ranks learn; the node of the one that is not beside the driver dies. The run goes on from its checkpoint and ends with the weights of an undisturbed one. */
class RankKillIT {
  private static final String JOB = "rank-kill";
  private static final int ITERATIONS = 40;
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static final Map<String, Object> SETTINGS = Map.of(
      "type", "rl/ppo",
      "env", "CartPole-v1",
      "num_env_runners", 2,
      "num_envs_per_env_runner", 2,
      "num_learners", 2,
      "train_batch_size_per_learner", 512,
      "num_epochs", 20,
      "stop", Map.of("training_iteration", ITERATIONS),
      "checkpoint_config", Map.of("checkpoint_frequency", 5));

  // As few cores as the job needs: not both ranks fit beside the driver.
  @RegisterExtension
  static final LocalCluster CLUSTER = new LocalCluster(
          "rank-kill", 1, 2, "llmagentos { jobs.cores = 2, model.nano = off }")
      .computing();

  @Test
  void shouldGoOnFromTheCheckpointWhenARankIsKilled() throws Exception {
    Map<String, Object> body = new LinkedHashMap<>(SETTINGS);
    body.put("id", JOB);
    door().post("/v1/jobs", body);
    await("a checkpoint")
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(() -> !job().path("checkpoints").isEmpty());
    int driver = CLUSTER.indexOfAddress(job().path("driver_node").asText());
    CLUSTER.kill(otherRanksNode(driver));
    await("its end")
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptions()
        .until(() -> job().has("ended_at"));

    JsonNode ended = job();
    assertThat(ended.path("status").asText()).as(ended.toString()).isEqualTo("completed");
    assertThat(ended.path("epoch").asInt()).as("placed again").isGreaterThan(1);
    EnvRegistry environments = EnvRegistry.load();
    Experiment experiment = Experiment.of(SETTINGS);
    try (Algorithm undisturbed = experiment.config().build(environments, System::nanoTime);
        Algorithm survivor = experiment.config().build(environments, System::nanoTime)) {
      for (int i = 0; i < ITERATIONS; i++) {
        undisturbed.train();
      }
      survivor.restore(checkpoint());
      assertThat(survivor.parameters()).as("the weights").isEqualTo(undisturbed.parameters());
    }
  }

  private static int otherRanksNode(int driver) throws IOException, InterruptedException {
    for (JsonNode member : door().get("/v1/cluster").path("members")) {
      int index = CLUSTER.indexOfAddress(member.path("address").asText());
      if (index != driver && member.path("members").toString().contains("learner-")) {
        return index;
      }
    }
    throw new AssertionError("no node but the driver's hosts a rank");
  }

  private static byte[] checkpoint() throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpResponse<byte[]> response = http.send(
          HttpRequest.newBuilder(URI.create(CLUSTER.door() + "/v1/jobs/" + JOB + "/checkpoint"))
              .build(),
          HttpResponse.BodyHandlers.ofByteArray());
      assertThat(response.statusCode()).isEqualTo(200);
      return response.body();
    }
  }

  private static JsonNode job() throws IOException, InterruptedException {
    return door().get("/v1/jobs/" + JOB);
  }

  private static Door door() {
    return new Door(CLUSTER.door());
  }
}
