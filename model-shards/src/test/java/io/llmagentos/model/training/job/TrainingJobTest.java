package io.llmagentos.model.training.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.serving.Models;
import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.LoraConfig;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.weights.ModelFiles;
import io.llmagentos.model.weights.SafetensorsWriter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.artifact.ArtifactStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingJobTest {
  private static final Path HOME =
      Path.of("target", "nodes", "training-" + UUID.randomUUID()).toAbsolutePath();
  private static final Map<String, Object> TINY = Map.of(
      "model_type", "gpt2",
      "n_positions", 32,
      "n_embd", 16,
      "n_layer", 1,
      "n_head", 2);

  private static @Nullable TestNode started;

  @BeforeAll
  static void start() throws IOException {
    Files.createDirectories(HOME);
    Files.writeString(HOME.resolve("text.txt"), text(3));
    Files.writeString(HOME.resolve("validation.txt"), text(4));
    started = new TestNode(HOME.resolve("data"), "");
  }

  @AfterAll
  static void stop() {
    node().close();
  }

  private static TestNode node() {
    return Objects.requireNonNull(started);
  }

  private static String text(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> words = List.of("the", "cat", "sat", "on", "a", "mat", "and", "slept");
    StringBuilder text = new StringBuilder();
    for (int line = 0; line < 120; line++) {
      for (int word = 0; word < 6; word++) {
        text.append(words.get(random.nextInt(words.size()))).append(' ');
      }
      text.append('\n');
    }
    return text.toString();
  }

  /** 20 steps. */
  private static Map<String, Object> pretrain(String output, Map<String, ?> more) {
    Map<String, Object> job = new HashMap<>(Map.of(
        "type",
        "lm/pretrain",
        "config",
        TINY,
        "tokenizer_type",
        "character",
        "train_file",
        HOME.resolve("text.txt").toString(),
        "output_dir",
        HOME.resolve(output).toString(),
        "block_size",
        32,
        "learning_rate",
        1e-2,
        "max_steps",
        20,
        "logging_steps",
        2));
    job.put("per_device_train_batch_size", 2);
    job.put("save_steps", 8);
    job.put("kernels", "mkl");
    job.putAll(more);
    return job;
  }

  private static byte[] weights(String output) throws IOException {
    return Files.readAllBytes(HOME.resolve(output).resolve("model.safetensors"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void shouldTrainAndLeaveAModel(int ranks) throws Exception {
    String output = "trained-" + ranks;
    String id = node().submit(pretrain(output, Map.of("num_processes", ranks)));
    JsonNode job = node().await(id, "completed");
    assertThat(job.path("epoch").asInt()).isEqualTo(1);
    assertThat(job.path("reason").asText()).isEqualTo("trained for 20 steps");
    assertThat(job.path("checkpoints").findValuesAsText("iteration"))
        .containsExactly("8", "16", "20");
    assertThat(job.path("summary").path("train_loss").asDouble()).isPositive();
    assertThat(job.path("summary").path("global_step").asInt()).isEqualTo(20);
    assertThat(job.path("curve").path("label").asText()).isEqualTo("loss");

    List<JsonNode> lines = node().metrics(id);
    assertThat(lines).hasSize(10);
    assertThat(lines.getLast().path("loss").asDouble())
        .isLessThan(lines.getFirst().path("loss").asDouble() - 0.1);
    assertThat(lines.getLast().path("step").asInt()).isEqualTo(20);
    assertThat(lines.getLast().path("progress").asDouble()).isEqualTo(1);
    for (String metric :
        List.of("epoch", "grad_norm", "learning_rate", "train_tokens_per_second")) {
      assertThat(lines.getLast().path(metric).isNumber()).as(metric).isTrue();
    }

    Path directory = HOME.resolve(output);
    assertThat(files(directory))
        .contains(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "trainer_state.json",
            "all_results.json",
            "checkpoint-8/model.safetensors",
            "checkpoint-16/trainer/optimizer.safetensors",
            "checkpoint-20/trainer/trainer_state.json");
    assertThat(TransformerConfig.read(directory).contextLength()).isEqualTo(32);
    assertThat(files(HOME)).noneMatch(name -> name.contains(".partial"));
    assertThat(entry(node().checkpoint(id), "model.safetensors")).isEqualTo(weights(output));
    // Only checkpoints are held; what the training read is not.
    String held = job.path("id").asText();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() ->
            node().node().service(ArtifactStore.class).leased(holder(held)).size() == 3);
  }

  private static String holder(String id) {
    return "job-" + id + "-" + java.util.HexFormat.of().toHexDigits("local".hashCode());
  }

  private static Set<String> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      Set<String> names = new TreeSet<>();
      files
          .filter(Files::isRegularFile)
          .forEach(file -> names.add(directory.relativize(file).toString()));
      return names;
    }
  }

  private static byte[] entry(byte[] zip, String name) throws IOException {
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        if (entry.getName().equals(name)) {
          return in.readAllBytes();
        }
      }
    }
    throw new AssertionError("no entry " + name);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void shouldPauseAndResumeAsIfNothingHadHappened(int ranks) throws Exception {
    // Long enough to be paused in the middle: one rank alone takes a millisecond for a step.
    int steps = ranks == 1 ? 1500 : 400;
    Map<String, Object> long_ = Map.of(
        "num_processes", ranks, "max_steps", steps, "logging_steps", 1, "save_strategy", "no");
    node().await(node().submit(pretrain("straight-" + ranks, long_)), "completed");
    String id = node().submit(pretrain("paused-" + ranks, long_));
    await()
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> !node().metrics(id).isEmpty());
    assertThat(node().post("/v1/jobs/" + id + "/pause", Map.of()).status()).isEqualTo(200);
    JsonNode paused = node().await(id, "paused");
    assertThat(paused.path("checkpoints").path(0).path("iteration").asInt())
        .isBetween(1, steps - 1);
    assertThat(node().post("/v1/jobs/" + id + "/resume", Map.of()).status()).isEqualTo(200);
    JsonNode job = node().await(id, "completed");
    assertThat(job.path("epoch").asInt()).isEqualTo(2);
    assertThat(weights("paused-" + ranks)).isEqualTo(weights("straight-" + ranks));
    assertThat(node().metrics(id)).hasSize(steps);
    assertThat(files(HOME.resolve("paused-" + ranks))).noneMatch(name -> name.contains("point-"));
  }

  @Test
  void shouldFineTuneADirectoryAndGoOnFromItsCheckpoint() throws Exception {
    node().await(node().submit(pretrain("base", Map.of())), "completed");
    Map<String, Object> tuning = new HashMap<>(pretrain(
        "tuned",
        Map.of(
            "type", "lm/finetune",
            "model_name_or_path", HOME.resolve("base").toString(),
            "max_steps", 10,
            "save_steps", 5,
            "save_total_limit", 1)));
    tuning.keySet().removeAll(List.of("config", "tokenizer_type"));
    JsonNode job = node().await(node().submit(tuning), "completed");
    assertThat(job.path("checkpoints").findValuesAsText("iteration")).containsExactly("10");
    assertThat(weights("tuned")).isNotEqualTo(weights("base"));
    assertThat(node().metrics(job.path("id").asText()).getFirst().path("loss").asDouble())
        .as("begins where the base ended")
        .isLessThan(
            node().metrics(job.path("id").asText()).getFirst().path("loss").asDouble() + 0.2);

    // On from its last checkpoint, in its own directory, to twice as many steps.
    Map<String, Object> more = new HashMap<>(tuning);
    more.put("max_steps", 20);
    more.put("lr_scheduler_type", "constant");
    more.put("resume_from_checkpoint", true);
    JsonNode resumed = node().await(node().submit(more), "completed");
    assertThat(
            node().metrics(resumed.path("id").asText()).getFirst().path("step").asInt())
        .isEqualTo(12);
    assertThat(files(HOME.resolve("tuned"))).contains("checkpoint-10/model.safetensors");
    assertThat(files(HOME.resolve("tuned"))).contains("checkpoint-20/model.safetensors");
  }

  /** 20 steps of an adapter of a model that was trained before. */
  private static Map<String, Object> adapt(String base, String output, Map<String, ?> more) {
    Map<String, Object> job = new HashMap<>(pretrain(
        output,
        Map.of(
            "type",
            "lm/finetune",
            "model_name_or_path",
            HOME.resolve(base).toString(),
            "lr_scheduler_type",
            "constant",
            "learning_rate",
            2e-2,
            "save_steps",
            10,
            "peft_config",
            Map.of("r", 4, "lora_alpha", 8, "lora_dropout", 0.1, "target_modules", "all-linear"))));
    job.keySet().removeAll(List.of("config", "tokenizer_type"));
    job.putAll(more);
    return job;
  }

  private static Map<String, float[]> tensors(Path file) {
    Map<String, float[]> tensors = new HashMap<>();
    try (ModelFiles files = ModelFiles.openFile(file)) {
      files.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor.toFloats()));
    }
    return tensors;
  }

  @Test
  void shouldTrainAnAdapterAndLeaveItAndTheModelThatNeedsNone() throws Exception {
    Map<String, Object> longer = Map.of("max_steps", 60, "save_strategy", "no");
    node().await(node().submit(pretrain("adapted-base", longer)), "completed");
    String id = node()
        .submit(adapt(
            "adapted-base",
            "adapted",
            Map.of("num_processes", 2, "publish", "adapted", "max_steps", 40)));
    node().await(id, "completed");
    List<JsonNode> lines = node().metrics(id);
    assertThat(lines.getLast().path("loss").asDouble())
        .isLessThan(lines.getFirst().path("loss").asDouble() - 0.02);

    Path output = HOME.resolve("adapted");
    assertThat(files(output))
        .contains(
            "model.safetensors",
            "tokenizer.json",
            "adapter/adapter_config.json",
            "adapter/adapter_model.safetensors",
            "checkpoint-10/model.safetensors",
            "checkpoint-10/adapter/adapter_model.safetensors",
            "checkpoint-10/trainer/optimizer.safetensors");
    assertThat(entry(node().checkpoint(id), "adapter/adapter_model.safetensors"))
        .isEqualTo(Files.readAllBytes(output.resolve("adapter/adapter_model.safetensors")));
    assertThat(new ObjectMapper()
            .readTree(output.resolve("adapter/adapter_config.json").toFile())
            .path("base_model_name_or_path")
            .asText())
        .isEqualTo(HOME.resolve("adapted-base").toString());

    Map<String, float[]> before = tensors(HOME.resolve("adapted-base/model.safetensors"));
    Map<String, float[]> after = tensors(output.resolve("model.safetensors"));
    before.forEach((name, values) -> {
      if (name.matches(".*\\.(c_attn|c_proj|c_fc)\\.weight")) {
        assertThat(after.get(name)).as(name).isNotEqualTo(values);
      } else {
        assertThat(after.get(name)).as(name).isEqualTo(values);
      }
    });
    requireAlike(HOME.resolve("adapted-base"), output);
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> node().node().service(Models.class).ids().contains("adapted"));
  }

  /** The model in {@code output}, and that in {@code base} with the adapter beside it. */
  private static void requireAlike(Path base, Path output) {
    Batch batch = Batch.of(new int[][] {{1, 5, 2, 7, 3, 3, 1}});
    try (Transformer merged = Transformer.load(output, EngineSettings.FLOAT32);
        Transformer adapted = Transformer.load(base, EngineSettings.FLOAT32);
        ModelFiles files =
            ModelFiles.openFile(output.resolve("adapter/adapter_model.safetensors"))) {
      adapted.addAdapter(new LoraConfig(4, 8, 0, List.of("all-linear"), List.of(), ""), 1);
      Map<String, Tensor> state = new HashMap<>();
      adapted.state().forEach(tensor -> state.put(tensor.name(), tensor));
      Transformer.adapterTensors(files).forEach(tensor -> state.put(tensor.name(), tensor));
      adapted.restore(state.values());
      float[][] expected = adapted.logits(batch);
      float[][] found = merged.logits(batch);
      for (int row = 0; row < expected.length; row++) {
        assertThat(found[row]).containsExactly(expected[row], within(1e-4f));
      }
    }
  }

  @Test
  void shouldGoOnWithAnAdapterToTheBitAndOnlyOnItsOwnBase() throws Exception {
    node().await(node().submit(pretrain("base-a", Map.of("save_strategy", "no"))), "completed");
    node()
        .await(
            node().submit(pretrain("base-b", Map.of("save_strategy", "no", "seed", 5))),
            "completed");
    node().await(node().submit(adapt("base-a", "at-once", Map.of())), "completed");
    node().await(node().submit(adapt("base-a", "in-two", Map.of("max_steps", 10))), "completed");
    Map<String, Object> rest = Map.of("resume_from_checkpoint", true);
    node().await(node().submit(adapt("base-a", "in-two", rest)), "completed");
    for (String file : List.of(
        "model.safetensors",
        "adapter/adapter_model.safetensors",
        "checkpoint-20/trainer/optimizer.safetensors")) {
      assertThat(Files.readAllBytes(HOME.resolve("in-two").resolve(file)))
          .as(file)
          .isEqualTo(Files.readAllBytes(HOME.resolve("at-once").resolve(file)));
    }
    Map<String, Object> elsewhere =
        Map.of("resume_from_checkpoint", HOME.resolve("at-once/checkpoint-10").toString());
    JsonNode failed = node().await(node().submit(adapt("base-b", "none", elsewhere)), "failed");
    assertThat(failed.path("reason").asText())
        .contains("checkpoint_invalid")
        .contains("other weights than those in model_name_or_path");
    assertThat(failed.path("epoch").asInt()).as("no second try").isEqualTo(1);
  }

  @Test
  void shouldRefuseAdaptersThatTheModelCannotHave() throws Exception {
    node().await(node().submit(pretrain("plain-base", Map.of("save_strategy", "no"))), "completed");
    refusedAdapter(Map.of("r", 0), "r", "r is 0, must be an integer of at least 1");
    refusedAdapter(Map.of("lora_alhpa", 4), "lora_alhpa", "did you mean lora_alpha?");
    refusedAdapter(
        Map.of("target_modules", List.of("c_attn", "q_proj")),
        "target_modules",
        "names q_proj, which the model does not have; it has [c_attn, c_proj, c_fc]");
  }

  private static void refusedAdapter(Map<String, ?> peft, String param, String text)
      throws Exception {
    TestNode.Answer answer =
        node().post("/v1/jobs", adapt("plain-base", "refused", Map.of("peft_config", peft)));
    assertThat(answer.status()).as(answer.body().toString()).isEqualTo(400);
    assertThat(answer.message()).contains(text);
    assertThat(answer.param()).isEqualTo(param);
  }

  @Test
  void shouldEndWithTheBestModel() throws Exception {
    String id = node()
        .submit(pretrain(
            "best",
            Map.of(
                "validation_file",
                HOME.resolve("validation.txt").toString(),
                "eval_strategy",
                "steps",
                "eval_steps",
                2,
                "save_steps",
                2,
                "save_total_limit",
                2,
                "load_best_model_at_end",
                true,
                "metric_for_best_model",
                "perplexity",
                "greater_is_better",
                true)));
    JsonNode job = node().await(id, "completed");
    JsonNode state = new ObjectMapper()
        .readTree(HOME.resolve("best").resolve("trainer_state.json").toFile());
    assertThat(state.path("global_step").asInt())
        .as("the perplexity is worst, here: best, at first")
        .isEqualTo(2);
    assertThat(files(HOME.resolve("best")))
        .contains("checkpoint-2/model.safetensors", "checkpoint-20/model.safetensors")
        .noneMatch(name -> name.contains("checkpoint-18"));
    assertThat(job.path("summary").path("eval_accuracy").isNumber()).isTrue();
    assertThat(entry(node().checkpoint(id), "model.safetensors")).isEqualTo(weights("best"));
    assertThat(weights("best"))
        .isEqualTo(Files.readAllBytes(HOME.resolve("best/checkpoint-2/model.safetensors")));
  }

  @Test
  void shouldTryWhichKernelsAreTheFastestAndKeepThemWithTheModel() throws Exception {
    Map<String, Object> any = new HashMap<>();
    any.put("kernels", null);
    String id = node().submit(pretrain("tried", any));
    node().await(id, "completed");
    JsonNode state =
        new ObjectMapper().readTree(entry(node().checkpoint(id), "trainer/trainer_state.json"));
    assertThat(state.path("kernels").asText()).isIn("mkl", "onednn");
    assertThat(state.path("precision").asText()).isEqualTo("float32");
    Map<String, Object> chosen = Map.of("kernels", "onednn", "max_steps", 2);
    String second = node().submit(pretrain("chosen", chosen));
    node().await(second, "completed");
    assertThat(new ObjectMapper()
            .readTree(entry(node().checkpoint(second), "trainer/trainer_state.json"))
            .path("kernels")
            .asText())
        .isEqualTo("onednn");
  }

  @Test
  void shouldServeWhatItTrained() throws Exception {
    node()
        .await(
            node().submit(pretrain("served", Map.of("publish", "poet", "save_total_limit", 1))),
            "completed");
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> node().node().service(Models.class).ids().contains("poet"));
  }

  @Test
  void shouldFailWithTheStepAndTheLastGoodCheckpointWhenItDiverges() throws Exception {
    String id = node()
        .submit(pretrain(
            "diverged",
            Map.of(
                "learning_rate", 1e25, "warmup_steps", 20, "save_steps", 1, "num_processes", 2)));
    JsonNode failed = node().await(id, "failed");
    assertThat(failed.path("reason").asText())
        .startsWith("training_diverged: rank ")
        .containsPattern("step \\d+")
        .containsPattern("the last checkpoint is that of step \\d+");
    assertThat(failed.path("epoch").asInt()).as("no second try").isEqualTo(1);
    assertThat(HOME.resolve("diverged")).doesNotExist();
  }

  @Test
  void shouldRefuseWhatCannotBe() throws Exception {
    refused(Map.of("learning_rat", 1), "learning_rat", "did you mean learning_rate?");
    refused(Map.of("train_file", HOME.resolve("none.txt").toString()), "train_file", "none.txt");
    refused(Map.of("block_size", 33), "block_size", "context of 32");
    refused(Map.of("block_size", 1), "block_size", "at least 2");
    refused(Map.of("num_processes", 0), "num_processes", "is 0");
    refused(Map.of("config", Map.of("model_type", "gtp2")), "config", "gtp2");
    refused(Map.of("config", Map.of("n_embd", 3)), "config", "model_type");
    refused(Map.of("config", "none.json"), "config", "none.json");
    refused(Map.of("publish", "a b"), "publish", "'a b'");
    refused(Map.of("resume_from_checkpoint", true), "resume_from_checkpoint", "no checkpoint");
    refused(
        Map.of("resume_from_checkpoint", HOME.toString()),
        "resume_from_checkpoint",
        "is no checkpoint of a training");
    refused(
        Map.of(
            "eval_strategy",
            "steps",
            "load_best_model_at_end",
            true,
            "save_steps",
            2,
            "metric_for_best_model",
            "f1"),
        "metric_for_best_model",
        "eval_accuracy");
    Files.createDirectories(HOME.resolve("full"));
    Files.writeString(HOME.resolve("full/notes"), "mine");
    refused(
        Map.of("output_dir", HOME.resolve("full").toString()),
        "output_dir",
        "overwrite_output_dir");
    Map<String, Object> directory = new HashMap<>(
        Map.of("type", "lm/finetune", "model_name_or_path", HOME.resolve("none").toString()));
    directory.put("config", null);
    directory.put("tokenizer_type", null);
    refused(directory, "model_name_or_path", "is no directory");
    directory.put("model_name_or_path", HOME.resolve("full").toString());
    refused(directory, "model_name_or_path", "config.json does not exist");
  }

  private static void refused(Map<String, ?> changes, String param, String text) throws Exception {
    TestNode.Answer answer = node().post("/v1/jobs", pretrain("refused", changes));
    assertThat(answer.status()).as(changes + ": " + answer.body()).isEqualTo(400);
    assertThat(answer.message()).contains(text);
    assertThat(answer.param()).as(answer.message()).isEqualTo(param);
  }

  @Test
  void shouldFailAtOnceAndNameWhatIsWrongWithTheText() throws Exception {
    Path empty = Files.writeString(HOME.resolve("empty.txt"), "");
    Path binary = Files.write(HOME.resolve("binary.txt"), new byte[] {1, 0, -1, -2, 0, 10});
    Path endless = HOME.resolve("endless.txt");
    byte[] line = new byte[100 << 20];
    Arrays.fill(line, (byte) 'a');
    Files.writeString(endless, "a line\n");
    Files.write(endless, line, StandardOpenOption.APPEND);
    Map<Path, String> reasons = Map.of(
        empty, "empty.txt", binary, "binary.txt", endless, "endless.txt:2 is longer than max_line");
    for (Map.Entry<Path, String> each : reasons.entrySet()) {
      String file = each.getKey().toString();
      JsonNode failed =
          node().await(node().submit(pretrain("bad", Map.of("train_file", file))), "failed");
      assertThat(failed.path("reason").asText())
          .startsWith("dataset_invalid: ")
          .contains(each.getValue());
      assertThat(failed.path("epoch").asInt()).as("no second try").isEqualTo(1);
    }
    Files.delete(endless);
  }

  @Test
  void shouldNameTheTensorThatACheckpointLacksOrHasInAnotherShape() throws Exception {
    node().await(node().submit(pretrain("whole", Map.of())), "completed");
    Path checkpoint = HOME.resolve("whole/checkpoint-16");
    String bias = "transformer.h.0.mlp.c_fc.bias";
    Map<String, Object> resuming = Map.of("resume_from_checkpoint", checkpoint.toString());
    for (boolean missing : new boolean[] {true, false}) {
      for (String file : List.of("model.safetensors", "trainer/optimizer.safetensors")) {
        byte[] before = Files.readAllBytes(checkpoint.resolve(file));
        List<Tensor> others = new ArrayList<>();
        try (ModelFiles tensors = ModelFiles.openFile(checkpoint.resolve(file))) {
          for (Tensor tensor : tensors.tensors()) {
            if (!tensor.name().endsWith(bias)) {
              others.add(Tensor.of(tensor.name(), tensor.toFloats(), tensor.shape()));
            } else if (!missing) {
              others.add(Tensor.of(tensor.name(), new float[6], 2, 3));
            }
          }
        }
        SafetensorsWriter.write(checkpoint.resolve(file), others, Map.of());
        JsonNode failed =
            node().await(node().submit(pretrain("resumed-" + missing, resuming)), "failed");
        assertThat(failed.path("reason").asText())
            .containsPattern("^(checkpoint_invalid|model_file_corrupt): rank 0: ")
            .contains(bias)
            .contains(missing ? "no tensor" : "[2, 3]");
        assertThat(failed.path("epoch").asInt()).as("no second try").isEqualTo(1);
        Files.write(checkpoint.resolve(file), before);
      }
    }
  }

  @Test
  void shouldAverageInBucketsOfAnySize() throws Exception {
    for (double mebibytes : new double[] {0, 25}) {
      node()
          .await(
              node()
                  .submit(pretrain(
                      "buckets-" + mebibytes,
                      Map.of("num_processes", 3, "ddp_bucket_cap_mb", mebibytes))),
              "completed");
    }
    assertThat(weights("buckets-0.0")).isEqualTo(weights("buckets-25.0"));
  }

  @Test
  void shouldKeepWhatElseIsInTheOutputDirectory() throws Exception {
    Path directory = Files.createDirectories(HOME.resolve("overwritten"));
    Files.writeString(directory.resolve("notes"), "mine");
    Files.writeString(directory.resolve("config.json"), "old");
    node()
        .await(
            node().submit(pretrain("overwritten", Map.of("overwrite_output_dir", true))),
            "completed");
    assertThat(directory.resolve("notes")).hasContent("mine");
    assertThat(TransformerConfig.read(directory).vocabSize()).isPositive();
  }
}
