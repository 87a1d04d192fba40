package io.llmagentos.rl.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** A node joins the cluster of a job that runs, and leaves it. */
class ElasticJobTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Test
  void shouldUseANodeThatJoinsAndDoWithoutItAgain() throws Exception {
    Path directory =
        Files.createTempDirectory(Files.createDirectories(Path.of("target/nodes")), "");
    Path data = directory.resolve("first").toAbsolutePath();
    try (TestNode first = new TestNode(data, "llmagentos.jobs.cores = 3")) {
      String id = first.submit(Map.of(
          "type",
          "rl/ppo",
          "env",
          "CartPole-v1",
          "num_env_runners",
          4,
          "num_envs_per_env_runner",
          2,
          "train_batch_size_per_learner",
          512,
          "stop",
          Map.of("training_iteration", 1_000_000)));
      awaitRunners(first, List.of(2));
      first.awaitIteration(id, 1);

      TestNode second = new TestNode(
          directory.resolve("second"), """
          llmagentos.node { roles = [rollout], seed-nodes = ["%s"] }
          llmagentos.journal.url = "jdbc:h2:file:%s;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE"
          llmagentos.jobs.cores = 2
          """.formatted(first.address(), data.resolve("journal")));
      try {
        awaitRunners(first, List.of(2, 2));
        first.awaitIteration(id, first.iteration(id) + 5);
      } finally {
        second.close();
      }
      awaitRunners(first, List.of(2));
      first.awaitIteration(id, first.iteration(id) + 5);
      JsonNode job = first.job(id);
      assertThat(job.path("status").asText()).isEqualTo("running");
      assertThat(job.path("epoch").asInt()).as("the driver noticed nothing").isEqualTo(1);
      first.post("/v1/jobs/" + id + "/cancel", Map.of());
    }
  }

  /** How many runners each node hosts. */
  private static void awaitRunners(TestNode door, List<Integer> wanted) {
    await("runners " + wanted)
        .atMost(LIMIT)
        .until(() -> runners(door.get("/v1/cluster").body().path("members")), wanted::equals);
  }

  private static List<Integer> runners(JsonNode members) {
    return StreamSupport.stream(members.spliterator(), false)
        .map(member -> (int) StreamSupport.stream(member.path("members").spliterator(), false)
            .filter(hosted -> hosted.asText().startsWith("runner-"))
            .count())
        .toList();
  }
}
