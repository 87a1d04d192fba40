package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What may happen to the ranks of a training, each a process: one hangs, a disk is full while it saves, it is killed while it saves. None of it costs a
 * checkpoint that was saved before, and what goes on from there ends with the weights of an undisturbed training.
 */
class TrainingFaultsIT {
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final int STEPS = 30;
  private static final int SAVE_STEPS = 3;
  private static final Path TEXTS = Path.of("..", "docs").toAbsolutePath().normalize();

  @RegisterExtension
  static final LocalCluster CLUSTER = TrainingCluster.CLUSTER;

  @BeforeAll
  static void trainUndisturbed() throws Exception {
    submit("not-hurt", Map.of("save_strategy", "no"));
    assertThat(awaitEnd("not-hurt").path("status").asText()).isEqualTo("completed");
  }

  /** 42 MB of checkpoint: it takes a while to write one. */
  private static void submit(String id, Map<String, ?> more) throws Exception {
    Map<String, Object> job = new HashMap<>();
    job.put("id", id);
    job.put("type", "lm/pretrain");
    job.put(
        "config",
        Map.of("model_type", "gpt2", "n_positions", 16, "n_embd", 384, "n_layer", 2, "n_head", 4));
    job.put("tokenizer_type", "character");
    job.put("train_file", TEXTS + "/*.md");
    job.put("output_dir", directory(id).toString());
    job.put("block_size", 16);
    job.put("per_device_train_batch_size", 1);
    job.put("num_processes", 2);
    job.put("max_steps", STEPS);
    job.put("save_steps", SAVE_STEPS);
    job.put("ddp_bucket_cap_mb", 1);
    job.put("kernels", "mkl");
    job.putAll(more);
    door().post("/v1/jobs", job);
  }

  @Test
  void shouldNameARankThatHangs() throws Exception {
    submit("hanging", Map.of("ddp_timeout", 20, "max_failures", 0, "max_steps", 100_000));
    awaitCheckpointAfter("hanging", 0);
    int driver = CLUSTER.indexOfAddress(job("hanging").path("driver_node").asText());
    int rank = hosts(0) == driver ? 1 : 0;
    long frozen = CLUSTER.pid(hosts(rank));
    signal(frozen, "STOP");
    try {
      JsonNode ended = awaitEnd("hanging");
      assertThat(ended.path("status").asText()).isEqualTo("failed");
      assertThat(ended.path("reason").asText())
          .contains("deadline_exceeded")
          .containsPattern("missing are ranks \\[" + rank + "\\]|rank " + rank
              + ", where it is averaged, does not answer")
          .containsPattern("the last checkpoint is that of step \\d+");
    } finally {
      signal(frozen, "CONT");
    }
    CLUSTER.awaitAllUp();
  }

  @Test
  void shouldKeepTheCheckpointBeforeOneThatFindsTheDiskFull() throws Exception {
    Path incoming = artifacts().resolve("incoming");
    List<Path> before = list(incoming);
    submit("full", Map.of("max_failures", 0));
    awaitCheckpointAfter("full", 0);
    long pid = CLUSTER.pid(hosts(0));
    // Room for the model's and the optimizer's files, not for the archive of both.
    ProcessLimits.limitFiles(pid, Files.size(checkpoint("full")) * 9 / 10);
    JsonNode ended;
    try {
      ended = awaitEnd("full");
    } finally {
      ProcessLimits.limitFiles(pid, ProcessLimits.NONE);
    }
    int last = lastCheckpoint("full");
    assertThat(ended.path("status").asText()).isEqualTo("failed");
    assertThat(ended.path("reason").asText())
        .contains("artifact_unwritable: rank 0: the checkpoint of step " + (last + SAVE_STEPS)
            + " cannot be saved")
        .contains("File too large")
        .contains("the last checkpoint is that of step " + last);
    assertThat(list(incoming)).as("what was begun is gone").isEqualTo(before);
    assertThatArtifactsAreWhole();

    submit("emptied", Map.of("resume_from_checkpoint", checkpoint("full").toString()));
    assertThat(awaitEnd("emptied").path("status").asText()).isEqualTo("completed");
    assertThatTheWeightsAreThoseOfTheUndisturbed("emptied");
  }

  @Test
  void shouldGoOnFromTheCheckpointBeforeOneThatIsKilledWhileItIsWritten() throws Exception {
    submit("killed", Map.of());
    Path incoming = artifacts().resolve("incoming");
    int before;
    do {
      awaitCheckpointAfter("killed", 0);
      int saving = hosts(0);
      await("a checkpoint is being written")
          .atMost(LIMIT)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(() -> list(incoming).stream().anyMatch(file -> file.toFile().length() > 0));
      CLUSTER.kill(saving);
      before = lastCheckpoint("killed");
      // Rarely it was written and renamed before the blow fell; then the next one.
    } while (list(incoming).isEmpty());
    assertThat(before).isBetween(SAVE_STEPS, STEPS - SAVE_STEPS);
    JsonNode ended = awaitEnd("killed");
    assertThat(ended.path("status").asText()).as(ended.toString()).isEqualTo("completed");
    assertThat(ended.path("epoch").asInt()).as("placed again").isGreaterThan(1);
    assertThatArtifactsAreWhole();
    assertThatTheWeightsAreThoseOfTheUndisturbed("killed");
  }

  // ---- what is seen from outside

  private static void assertThatTheWeightsAreThoseOfTheUndisturbed(String id) {
    assertThat(directory(id).resolve("model.safetensors"))
        .hasSameBinaryContentAs(directory("not-hurt").resolve("model.safetensors"));
  }

  /** Every object has the content that its name says. */
  private static void assertThatArtifactsAreWhole() throws IOException {
    ArtifactStore store = ArtifactStore.open(artifacts(), Clock.systemUTC());
    try (Stream<Path> objects = Files.walk(artifacts().resolve("objects"))) {
      List<Path> all = objects.filter(Files::isRegularFile).toList();
      assertThat(all).isNotEmpty();
      for (Path object : all) {
        assertThat(store.read(new ArtifactId(object.getFileName().toString()))).isNotEmpty();
      }
    }
  }

  private static Path artifacts() {
    return CLUSTER.data().resolve("artifacts");
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  /** The archive of the last one. */
  private static Path checkpoint(String id) throws IOException, InterruptedException {
    String artifact = "";
    for (JsonNode checkpoint : job(id).path("checkpoints")) {
      artifact = checkpoint.path("artifact").asText();
    }
    return ArtifactStore.open(artifacts(), Clock.systemUTC()).locate(new ArtifactId(artifact));
  }

  private static int lastCheckpoint(String id) throws IOException, InterruptedException {
    int last = 0;
    for (JsonNode checkpoint : job(id).path("checkpoints")) {
      last = checkpoint.path("iteration").asInt();
    }
    return last;
  }

  private static void awaitCheckpointAfter(String id, int step) {
    await("a checkpoint of " + id)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptions()
        .until(() -> lastCheckpoint(id) > step);
  }

  private static JsonNode awaitEnd(String id) throws IOException, InterruptedException {
    await("the end of " + id)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions()
        .until(() -> job(id).has("ended_at"));
    return job(id);
  }

  /** The node of a rank. */
  private static int hosts(int rank) {
    return await("rank " + rank + " has a node")
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> find(rank), index -> index >= 0);
  }

  private static int find(int rank) throws IOException, InterruptedException {
    for (JsonNode member : door().get("/v1/cluster").path("members")) {
      if (member.path("members").toString().contains("rank-" + rank + " of ")) {
        return CLUSTER.indexOfAddress(member.path("address").asText());
      }
    }
    return -1;
  }

  private static void signal(long pid, String signal) throws IOException, InterruptedException {
    assertThat(
            new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start().waitFor())
        .isZero();
  }

  private static Path directory(String id) {
    return CLUSTER.home().resolve("output").resolve(id);
  }

  private static JsonNode job(String id) throws IOException, InterruptedException {
    return door().get("/v1/jobs/" + id);
  }

  private static Door door() {
    return new Door(CLUSTER.door());
  }
}
