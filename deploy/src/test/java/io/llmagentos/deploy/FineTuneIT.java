package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.engine.CpuEngine;
import io.llmagentos.model.engine.CpuEngineSettings;
import io.llmagentos.model.engine.WeightStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The story of training: a user trains a model of GPT-2's shape on own text, then fine-tunes it on two ranks, each a process on a node of its own. A rank's node
 * dies in the middle of an epoch; later the training is paused and resumed. The weights are those of an undisturbed training, other tools open the directory,
 * and the running cluster answers with the new model.
 */
class FineTuneIT {
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final Path TEXTS =
      Path.of("..", "docs", "d*.md").toAbsolutePath().normalize();

  /** As the seed document has them. */
  private static final Map<String, Object> SEED_DOCUMENT = Map.of(
      "block_size", 128,
      "num_train_epochs", 3,
      "per_device_train_batch_size", 4,
      "save_steps", 10_000,
      "save_total_limit", 2,
      "prediction_loss_only", true,
      "overwrite_output_dir", true);

  @RegisterExtension
  static final LocalCluster CLUSTER = TrainingCluster.CLUSTER;

  @Test
  void shouldEndAsIfNothingHadHappenedAndServeTheModel() throws Exception {
    Map<String, Object> base = training("base");
    base.put("type", "lm/pretrain");
    base.put(
        "config",
        Map.of("model_type", "gpt2", "n_positions", 128, "n_embd", 128, "n_layer", 3, "n_head", 4));
    base.put("tokenizer_type", "byte_level_bpe");
    base.put("vocab_size", 600);
    base.put("num_train_epochs", 1);
    end(base);

    Map<String, Object> undisturbed = training("undisturbed");
    undisturbed.put("model_name_or_path", directory("base").toString());
    undisturbed.put("num_processes", 2);
    // Each training would choose whatever is faster while it starts.
    undisturbed.put("kernels", "mkl");
    end(undisturbed);

    Map<String, Object> disturbed = new HashMap<>(undisturbed);
    disturbed.put("id", "disturbed");
    disturbed.put("output_dir", directory("disturbed").toString());
    disturbed.put("save_steps", 3);
    disturbed.put("logging_steps", 1);
    disturbed.put("publish", "novelist");
    door().post("/v1/jobs", disturbed);
    awaitCheckpointAfter(0);
    int driver = CLUSTER.indexOfAddress(job("disturbed").path("driver_node").asText());
    int saved = lastCheckpoint();
    CLUSTER.kill(otherRanksNode(driver));
    await("another epoch")
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(() -> job("disturbed").path("epoch").asInt() > 1);
    awaitCheckpointAfter(Math.max(saved, lastCheckpoint()));
    door().post("/v1/jobs/disturbed/pause", Map.of());
    awaitStatus("disturbed", "paused");
    door().post("/v1/jobs/disturbed/resume", Map.of());
    JsonNode ended = awaitStatus("disturbed", "completed");
    assertThat(ended.path("epoch").asInt()).isGreaterThanOrEqualTo(3);
    assertThat(ended.path("checkpoints")).hasSize(2);

    assertThat(directory("disturbed").resolve("model.safetensors"))
        .hasSameBinaryContentAs(directory("undisturbed").resolve("model.safetensors"));
    opensInOtherTools(directory("disturbed"));
    answers("novelist");
  }

  private static Map<String, Object> training(String id) {
    Map<String, Object> job = new HashMap<>(SEED_DOCUMENT);
    job.putAll(Map.of(
        "id",
        id,
        "type",
        "lm/finetune",
        "train_file",
        TEXTS.toString(),
        "output_dir",
        directory(id).toString(),
        "learning_rate",
        1e-3,
        "logging_steps",
        10));
    return job;
  }

  private static Path directory(String id) {
    return CLUSTER.home().resolve("output").resolve(id);
  }

  private static void end(Map<String, Object> job) throws IOException, InterruptedException {
    door().post("/v1/jobs", job);
    awaitStatus(String.valueOf(job.get("id")), "completed");
  }

  private static JsonNode awaitStatus(String id, String status)
      throws IOException, InterruptedException {
    await(id + " " + status)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions()
        .until(() -> job(id).has("ended_at") || job(id).path("status").asText().equals(status));
    JsonNode job = job(id);
    assertThat(job.path("status").asText()).as(job.toString()).isEqualTo(status);
    return job;
  }

  private static void awaitCheckpointAfter(int step) {
    await("a checkpoint after step " + step)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(() -> lastCheckpoint() > step);
  }

  private static int lastCheckpoint() throws IOException, InterruptedException {
    int last = 0;
    for (JsonNode checkpoint : job("disturbed").path("checkpoints")) {
      last = checkpoint.path("iteration").asInt();
    }
    return last;
  }

  private static int otherRanksNode(int driver) throws IOException, InterruptedException {
    for (JsonNode member : door().get("/v1/cluster").path("members")) {
      int index = CLUSTER.indexOfAddress(member.path("address").asText());
      if (index != driver && member.path("members").toString().contains("rank-")) {
        return index;
      }
    }
    throw new AssertionError("no node but the driver's hosts a rank");
  }

  private static void opensInOtherTools(Path directory) throws IOException {
    String text = "Everything that lives is an actor.";
    try (HuggingFaceTokenizer tokenizer =
            HuggingFaceTokenizer.newInstance(directory.resolve("tokenizer.json"));
        CpuEngine engine = CpuEngine.load(
            directory, new CpuEngineSettings(1, 16, 8, 16, WeightStorage.AS_STORED))) {
      long[] ids = tokenizer.encode(text).getIds();
      assertThat(tokenizer.decode(ids)).isEqualTo(text);
      assertThat(ids.length).as("it has learnt to spell").isLessThan(text.length());
      assertThat(engine.vocabularySize()).isEqualTo(600);
    }
    assertThat(directory)
        .isDirectoryContaining("glob:**config.json")
        .isDirectoryContaining("glob:**generation_config.json")
        .isDirectoryContaining("glob:**tokenizer_config.json");
  }

  private static void answers(String model) throws IOException, InterruptedException {
    await(model + " is served")
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptions()
        .until(() -> door().get("/v1/models").toString().contains("\"" + model + "\""));
    JsonNode answer = door()
        .post(
            "/v1/chat/completions",
            Map.of(
                "model",
                model,
                "max_tokens",
                8,
                "messages",
                List.of(Map.of("role", "user", "content", "A job is"))));
    assertThat(answer.path("choices").path(0).path("message").path("content").asText())
        .isNotBlank();
    assertThat(answer.path("usage").path("completion_tokens").asInt()).isPositive();
  }

  private static JsonNode job(String id) throws IOException, InterruptedException {
    return door().get("/v1/jobs/" + id);
  }

  private static Door door() {
    return new Door(CLUSTER.door());
  }
}
