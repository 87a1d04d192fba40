package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmagentos.rl.algorithm.Algorithm;
import io.llmagentos.rl.algorithm.Experiment;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The story of reinforcement learning: a user submits the example to a cluster of three core and two worker nodes and watches it; a runner's node dies, then
 * the driver's, whose data is deleted; the run ends with the weights of an undisturbed one, and its policy acts.
 */
class LongRunIT {
  private static final String JOB = "long-run";
  private static final int ITERATIONS = 100;
  private static final Duration LIMIT = Duration.ofMinutes(4);

  @RegisterExtension
  static final LocalCluster CLUSTER =
      new LocalCluster("long-run", 3, 2, "llmagentos.model.nano = off").computing();

  @Test
  void shouldEndAsIfNothingHadDied() throws Exception {
    Path file = CLUSTER.home().resolve("cartpole-ppo.yaml");
    ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
    ObjectNode job =
        (ObjectNode) yaml.readTree(Path.of("examples/cartpole-ppo.yaml").toFile());
    // Long enough to be killed twice.
    ((ObjectNode) job.path("training")).put("num_epochs", 30);
    job.putObject("stop").put("training_iteration", ITERATIONS);
    job.putObject("checkpoint_config").put("checkpoint_frequency", 7);
    yaml.writeValue(file.toFile(), job);

    Path output = CLUSTER.home().resolve("runs");
    Process watcher = CLUSTER.command(
        "run.out",
        "run",
        file.toString(),
        "--port=" + CLUSTER.basePort(),
        "--id=" + JOB,
        "--output=" + output);
    awaitIteration(10);
    int driver = CLUSTER.indexOfAddress(job().path("driver_node").asText());
    int runner = runnersNode(driver);
    assertThat(List.of(driver, runner)).as("on worker nodes").allMatch(node -> node >= 3);
    CLUSTER.kill(runner);
    awaitIteration(iteration() + 10);
    assertThat(job().path("epoch").asInt()).as("the driver went on").isEqualTo(1);

    CLUSTER.kill(driver);
    delete(CLUSTER.data().resolve("node-" + driver));
    await("another driver")
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> job().path("epoch").asInt() > 1);
    assertThat(watcher.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    var said = Files.readString(CLUSTER.home().resolve("run.out"));
    assertThat(watcher.exitValue()).as(said).isZero();
    assertThat(said).contains("iteration 1,").contains("return ").contains("completed");

    Experiment experiment = Experiment.of(map(job));
    EnvRegistry environments = EnvRegistry.load();
    float[] undisturbed;
    try (Algorithm algorithm = experiment.config().build(environments, System::nanoTime)) {
      for (int i = 0; i < ITERATIONS; i++) {
        algorithm.train();
      }
      undisturbed = algorithm.parameters();
    }
    Path directory = output.resolve(JOB);
    try (Algorithm survivor = experiment.config().build(environments, System::nanoTime)) {
      survivor.restore(Files.readAllBytes(directory.resolve("checkpoint")));
      assertThat(survivor.parameters()).as("the weights").isEqualTo(undisturbed);
      actsOverHttp(survivor);
    }
    assertThat(ImageIO.read(directory.resolve("curve.png").toFile()).getWidth()).isEqualTo(900);
    assertThat(Files.readAllLines(directory.resolve("progress.jsonl")))
        .hasSize(ITERATIONS)
        .last()
        .asString()
        .contains("\"training_iteration\":" + ITERATIONS);
  }

  private static void actsOverHttp(Algorithm algorithm) throws IOException, InterruptedException {
    float[][] observations = {{0, 0, 0.05f, 0}, {0, 0, -0.05f, 0}, {1, 1, 0.1f, -0.5f}};
    JsonNode answer = new Door(CLUSTER.door())
        .post("/v1/policies/" + JOB + "/actions", Map.of("observations", observations));
    assertThat(answer.path("iteration").asInt()).isEqualTo(ITERATIONS);
    for (int i = 0; i < observations.length; i++) {
      assertThat(answer.path("actions").path(i).asInt())
          .isEqualTo((int) algorithm.computeSingleAction(observations[i])[0]);
    }
  }

  private static JsonNode job() throws IOException, InterruptedException {
    return new Door(CLUSTER.door()).get("/v1/jobs/" + JOB);
  }

  private static int iteration() throws IOException, InterruptedException {
    for (JsonNode each : new Door(CLUSTER.door()).get("/v1/jobs").path("data")) {
      if (each.path("id").asText().equals(JOB)) {
        return each.path("iteration").asInt();
      }
    }
    return 0;
  }

  private static void awaitIteration(int iteration) {
    await("iteration " + iteration)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions()
        .until(() -> iteration() >= iteration);
  }

  /** A node other than the driver's that hosts a runner. */
  private static int runnersNode(int driver) throws IOException, InterruptedException {
    for (JsonNode member : new Door(CLUSTER.door()).get("/v1/cluster").path("members")) {
      int index = CLUSTER.indexOfAddress(member.path("address").asText());
      if (index != driver && member.path("members").toString().contains("runner-")) {
        return index;
      }
    }
    throw new AssertionError("no other node hosts a runner");
  }

  private static Map<String, Object> map(ObjectNode job) {
    return new ObjectMapper().convertValue(job, new TypeReference<>() {});
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
