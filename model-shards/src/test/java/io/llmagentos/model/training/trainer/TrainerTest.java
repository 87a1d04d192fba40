package io.llmagentos.model.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.LoraConfig;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.TrainingTask;
import io.llmagentos.model.training.data.Collator;
import io.llmagentos.model.training.data.Example;
import io.llmagentos.model.training.data.Examples;
import io.llmagentos.model.weights.SafetensorsWriter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainerTest {
  private static final int VOCABULARY = 24;
  private static final int CONTEXT = 12;
  private static final int EXAMPLES = 46;

  @BeforeAll
  static void setThreads() {
    PyTorch.threads(1);
  }

  /** In memory, of many lengths. */
  private record Ragged(List<Example> all) implements Examples {
    static Ragged of(int size, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      List<Example> all = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        int[] ids = random.ints(random.nextInt(2, CONTEXT + 1), 0, VOCABULARY).toArray();
        all.add(new Example(ids, ids));
      }
      return new Ragged(all);
    }

    @Override
    public long size() {
      return all.size();
    }

    @Override
    public Example get(long index) {
      return all.get((int) index);
    }

    @Override
    public String hash() {
      return "";
    }

    @Override
    public void close() {}
  }

  private static final TrainingData DATA = new TrainingData(
      Ragged.of(EXAMPLES, 1),
      Optional.of(Ragged.of(11, 2)),
      Collator.languageModel(0),
      Collator.languageModel(0),
      List.of(Metric.PERPLEXITY, Metric.ACCURACY));

  /** Remembers; pauses after a step. */
  private static final class Notes implements Trainer.Observer {
    final Map<Long, Map<String, Number>> lines = new HashMap<>();
    final List<TrainerState> saved = new ArrayList<>();
    private final long pauseAfter;
    private long steps;

    /** @param pauseAfter step; 0: never */
    Notes(long pauseAfter) {
      this.pauseAfter = pauseAfter;
    }

    @Override
    public void logged(long step, Map<String, Number> metrics) {
      lines.put(step, metrics);
    }

    @Override
    public String save(TrainerState state) {
      saved.add(state);
      return "saved at " + state.step();
    }

    @Override
    public boolean pausing() {
      return ++steps == pauseAfter;
    }

    @Override
    public boolean stopped() {
      return false;
    }
  }

  private record Run(Notes notes, List<float[]> weights, TrainerState state, boolean ended) {
    double metric(long step, String name) {
      return notes
          .lines
          .getOrDefault(step, Map.of())
          .getOrDefault(name, Double.NaN)
          .doubleValue();
    }
  }

  private static Path model(Path home, double dropout) {
    try {
      Path directory = Files.createDirectories(home.resolve("model"));
      Files.writeString(
          directory.resolve("config.json"), """
          {"model_type": "gpt2", "vocab_size": %d, "n_positions": %d, "n_embd": 16, "n_layer": 2, "n_head": 2,
           "embd_pdrop": %3$s, "resid_pdrop": %3$s, "attn_pdrop": %3$s}
          """.formatted(VOCABULARY, CONTEXT, dropout));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Arguments arguments(Map<String, ?> more) {
    Map<String, Object> all = new HashMap<>(Map.of(
        "config", "here",
        "tokenizer_name", "here",
        "train_file", "here",
        "output_dir", "there",
        "logging_steps", 1,
        "learning_rate", 3e-3,
        "lr_scheduler_type", "constant",
        "save_strategy", "no",
        "max_steps", 100,
        // Half a layer a bucket.
        "ddp_bucket_cap_mb", 0.006));
    all.putAll(more);
    return Arguments.parse(TrainingTask.LM_PRETRAIN, all);
  }

  private static Run train(Path model, Arguments arguments, int ranks) throws Exception {
    return train(model, arguments, ranks, fresh -> {});
  }

  private static Run train(Path model, Arguments arguments, int ranks, Consumer<Transformer> before)
      throws Exception {
    return SimulatedRanks.run(ranks, rank -> {
          try (Transformer fresh =
              Transformer.initial(TransformerConfig.read(model), EngineSettings.FLOAT32, 7)) {
            before.accept(fresh);
            return train(fresh, arguments, TrainerState.BEGINNING, rank, new Notes(0));
          }
        })
        .getFirst();
  }

  private static Run train(
      Transformer model, Arguments arguments, TrainerState state, Ranks rank, Notes notes) {
    Trainer trainer = new Trainer(arguments, model, DATA, state, rank, notes, () -> 0);
    boolean ended = trainer.train();
    return new Run(notes, weights(model), trainer.state(), ended);
  }

  private static List<float[]> weights(Transformer model) {
    return model.weights().stream().map(Tensor::toFloats).toList();
  }

  @ParameterizedTest
  @CsvSource({"2, 3", "4, 2", "3, 4"})
  void shouldLoseAsOneRankDoes(int ranks, int batch, @TempDir Path home) throws Exception {
    Path model = model(home, 0);
    Run one = train(model, arguments(Map.of("per_device_train_batch_size", ranks * batch)), 1);
    Run many = train(
        model,
        arguments(Map.of("per_device_train_batch_size", batch, "num_processes", ranks)),
        ranks);
    assertThat(one.metric(100, "loss")).isLessThan(one.metric(1, "loss") - 0.3);
    for (long step = 1; step <= 100; step++) {
      assertThat(many.metric(step, "loss"))
          .as("step " + step)
          .isCloseTo(one.metric(step, "loss"), within(1e-5));
    }
  }

  private static final LoraConfig ADAPTER =
      new LoraConfig(3, 6, 0, List.of("all-linear"), List.of("wte"), "base");

  @Test
  void shouldTrainAnAdapterOnManyRanksAsOnOne(@TempDir Path home) throws Exception {
    Path model = model(home, 0);
    Consumer<Transformer> adapted = fresh -> fresh.addAdapter(ADAPTER, 5);
    Run one = train(model, arguments(Map.of("per_device_train_batch_size", 6)), 1, adapted);
    Run many = train(
        model, arguments(Map.of("per_device_train_batch_size", 2, "num_processes", 3)), 3, adapted);
    assertThat(one.metric(100, "loss")).isLessThan(one.metric(1, "loss") - 0.1);
    for (long step = 1; step <= 100; step++) {
      assertThat(many.metric(step, "loss"))
          .as("step " + step)
          .isCloseTo(one.metric(step, "loss"), within(1e-5));
    }
  }

  @Test
  void shouldKeepAnAdapterBesideTheModelThatItIsAddedTo(@TempDir Path home) throws Exception {
    Path from = model(home, 0.1);
    Path checkpoint = home.resolve("checkpoint");
    TransformerConfig config = TransformerConfig.read(from);
    try (Transformer model = Transformer.initial(config, EngineSettings.FLOAT32, 7);
        Transformer again = Transformer.initial(config, EngineSettings.FLOAT32, 7)) {
      model.addAdapter(ADAPTER, 5);
      train(
          model,
          arguments(Map.of("max_steps", 3)),
          TrainerState.BEGINNING,
          Ranks.ALONE,
          new Notes(0));
      write(
          new TrainingCheckpoint(TrainerState.BEGINNING, EngineSettings.FLOAT32, Map.of()),
          model,
          from,
          checkpoint);
      try (Transformer merged = Transformer.load(checkpoint, EngineSettings.FLOAT32)) {
        assertThat(weights(merged)).usingRecursiveComparison().isEqualTo(weights(model));
      }
      again.addAdapter(ADAPTER, 6);
      TrainingCheckpoint.restore(again, checkpoint);
      assertThat(again.steps()).isEqualTo(3);
      assertThat(again.state().stream().map(Tensor::toFloats).toList())
          .usingRecursiveComparison()
          .isEqualTo(model.state().stream().map(Tensor::toFloats).toList());
    }
    try (Transformer wider = Transformer.initial(config, EngineSettings.FLOAT32, 7)) {
      wider.addAdapter(new LoraConfig(4, 6, 0, List.of("all-linear"), List.of("wte"), ""), 5);
      assertThatThrownBy(() -> TrainingCheckpoint.restore(wider, checkpoint))
          .isInstanceOfSatisfying(
              AgentOsException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
          .hasMessageContaining("lora_A.weight is F32[3, 16], expected F32[4, 16]");
      Files.delete(checkpoint.resolve("adapter/adapter_model.safetensors"));
      assertThatThrownBy(() -> TrainingCheckpoint.restore(wider, checkpoint))
          .isInstanceOfSatisfying(
              AgentOsException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
          .hasMessageContaining("no adapter/adapter_model.safetensors");
    }
  }

  /** With dropout, batches that add up, an epoch that ends with less, and then with nothing for some ranks. */
  @ParameterizedTest
  @CsvSource({"2, 2", "3, 3"})
  void shouldLearnTheSameInAnyBuckets(int ranks, int batches, @TempDir Path home) throws Exception {
    Path model = model(home, 0.2);
    List<List<float[]>> weights = new ArrayList<>();
    for (double mebibytes : new double[] {0, 0.006, 25}) {
      Run run = train(
          model,
          arguments(Map.of(
              "per_device_train_batch_size",
              3,
              "gradient_accumulation_steps",
              batches,
              "num_processes",
              ranks,
              "max_steps",
              15,
              "ddp_bucket_cap_mb",
              mebibytes)),
          ranks);
      weights.add(run.weights());
    }
    assertThat(weights.get(1)).usingRecursiveComparison().isEqualTo(weights.get(0));
    assertThat(weights.get(2)).usingRecursiveComparison().isEqualTo(weights.get(0));
  }

  @Test
  void shouldAccumulateByTokensHoweverLongTheExamplesAre(@TempDir Path home) throws Exception {
    Path model = model(home, 0);
    Run whole = train(model, arguments(Map.of("per_device_train_batch_size", 8)), 1);
    Run parts = train(
        model,
        arguments(Map.of("per_device_train_batch_size", 2, "gradient_accumulation_steps", 4)),
        1);
    for (long step = 1; step <= 100; step++) {
      assertThat(parts.metric(step, "loss"))
          .as("step " + step)
          .isCloseTo(whole.metric(step, "loss"), within(1e-5));
    }
    assertThat(parts.metric(1, "grad_norm")).isCloseTo(whole.metric(1, "grad_norm"), within(1e-5));
  }

  @ParameterizedTest
  @CsvSource({"1, 5", "1, 13", "2, 5", "2, 6"})
  void shouldGoOnFromACheckpointToTheBit(int ranks, long pause, @TempDir Path home)
      throws Exception {
    Path directory = model(home, 0.2);
    Arguments arguments = arguments(Map.of(
        "per_device_train_batch_size", 4,
        "num_processes", ranks,
        "eval_strategy", "steps",
        "eval_steps", 5,
        "logging_steps", 3,
        "lr_scheduler_type", "cosine",
        "warmup_steps", 4,
        "max_steps", 20));
    Run undisturbed = train(directory, arguments, ranks);
    assertThat(undisturbed.ended()).isTrue();

    Path checkpoint = home.resolve("checkpoint");
    SimulatedRanks.run(ranks, rank -> {
      Notes notes = new Notes(pause);
      try (Transformer fresh =
          Transformer.initial(TransformerConfig.read(directory), EngineSettings.FLOAT32, 7)) {
        Run paused = train(fresh, arguments, TrainerState.BEGINNING, rank, notes);
        assertThat(paused.ended()).isFalse();
        assertThat(paused.state().step()).isEqualTo(pause);
        if (rank.rank() == 0) {
          TrainingCheckpoint kept =
              new TrainingCheckpoint(notes.saved.getLast(), fresh.settings(), Map.of("a", "b"));
          write(kept, fresh, directory, checkpoint);
        }
        return notes;
      }
    });
    Run resumed = SimulatedRanks.run(ranks, rank -> {
          TrainingCheckpoint read = read(checkpoint);
          assertThat(read.files()).isEqualTo(Map.of("a", "b"));
          try (Transformer model = TrainingCheckpoint.load(checkpoint, read.engine())) {
            return train(model, arguments, read.state(), rank, new Notes(0));
          }
        })
        .getFirst();
    assertThat(resumed.weights()).usingRecursiveComparison().isEqualTo(undisturbed.weights());
    assertThat(resumed.state().toJson().toString())
        .isEqualTo(undisturbed.state().toJson().toString());
    assertThat(undisturbed.state().logHistory()).hasSize(20 / 3 + 1 + 20 / 5);
  }

  private static void write(
      TrainingCheckpoint checkpoint, Transformer model, Path from, Path directory) {
    try {
      checkpoint.write(model, from, Files.createDirectories(directory));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TrainingCheckpoint read(Path directory) {
    try {
      return TrainingCheckpoint.read(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void shouldEvaluateAlikeOnAnyNumberOfRanks(@TempDir Path home) throws Exception {
    Path model = model(home, 0);
    Map<String, Object> evaluating = Map.of("max_steps", 4, "eval_strategy", "epoch");
    Map<String, Object> split = new HashMap<>(evaluating);
    split.putAll(Map.of("per_device_train_batch_size", 4, "num_processes", 2));
    Run one = train(model, arguments(evaluating), 1);
    Run two = train(model, arguments(split), 2);
    for (String metric : List.of("eval_loss", "eval_perplexity", "eval_accuracy")) {
      assertThat(one.metric(4, metric)).as(metric).isFinite();
      assertThat(two.metric(4, metric)).isCloseTo(one.metric(4, metric), within(1e-4));
    }
    assertThat(one.metric(4, "eval_perplexity")).isEqualTo(Math.exp(one.metric(4, "eval_loss")));
    Map<String, Object> lossOnly = new HashMap<>(evaluating);
    lossOnly.put("prediction_loss_only", true);
    Run brief = train(model, arguments(lossOnly), 1);
    assertThat(brief.metric(4, "eval_loss")).isEqualTo(one.metric(4, "eval_loss"));
    assertThat(brief.notes().lines.get(4L)).doesNotContainKey("eval_accuracy");
  }

  /** Without steps the loss is linear in the factor. */
  @Test
  void shouldSpreadTargetsInTrainingAndInEvaluation(@TempDir Path home) throws Exception {
    Path model = model(home, 0);
    List<Run> runs = new ArrayList<>();
    for (double factor : new double[] {0, 0.5, 1}) {
      Map<String, Object> still = Map.of(
          "max_steps",
          1,
          "eval_strategy",
          "epoch",
          "learning_rate",
          0,
          "label_smoothing_factor",
          factor);
      runs.add(train(model, arguments(still), 1));
    }
    for (String metric : List.of("loss", "eval_loss")) {
      double sharp = runs.getFirst().metric(1, metric);
      double even = runs.getLast().metric(1, metric);
      assertThat(Math.abs(even - sharp)).as(metric).isGreaterThan(1e-5);
      assertThat(runs.get(1).metric(1, metric))
          .as(metric)
          .isCloseTo((sharp + even) / 2, within(1e-6));
    }
  }

  @Test
  void shouldStopEarlyAndRememberWhereItWasBest(@TempDir Path home) throws Exception {
    Run run = train(
        model(home, 0),
        arguments(Map.of(
            "eval_strategy",
            "steps",
            "eval_steps",
            2,
            "save_strategy",
            "steps",
            "save_steps",
            2,
            "load_best_model_at_end",
            true,
            "early_stopping_patience",
            3,
            "learning_rate",
            3e-2)),
        1);
    TrainerState end = run.state();
    assertThat(run.ended()).isTrue();
    assertThat(end.step()).as("before the last step").isLessThan(100);
    assertThat(end.step()).isEqualTo(end.best().step() + 3 * 2);
    assertThat(end.bestCheckpoint()).isEqualTo("saved at " + end.best().step());
    assertThat(run.notes().saved.getLast().step()).isEqualTo(end.step());
    assertThat(run.metric(end.best().step(), "eval_loss"))
        .isEqualTo(end.best().metric().orElseThrow());
  }

  @Test
  void shouldNameTheStepInWhichItDiverges(@TempDir Path home) {
    Path model = model(home, 0);
    assertThatThrownBy(() -> train(model, arguments(Map.of("learning_rate", 1e30)), 1))
        .rootCause()
        .isInstanceOfSatisfying(
            AgentOsException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.TRAINING_DIVERGED))
        .hasMessageContaining("after step 1");
  }

  @Test
  void shouldNameWhatACheckpointLacks(@TempDir Path home) throws IOException {
    Path from = model(home, 0);
    Path checkpoint = home.resolve("checkpoint");
    try (Transformer model =
        Transformer.initial(TransformerConfig.read(from), EngineSettings.FLOAT32, 7)) {
      write(
          new TrainingCheckpoint(TrainerState.BEGINNING, EngineSettings.FLOAT32, Map.of()),
          model,
          from,
          checkpoint);
      String cut = "optimizer.exp_avg.transformer.h.1.ln_2.bias";
      Path moments = checkpoint.resolve("trainer/optimizer.safetensors");
      List<Tensor> less = new ArrayList<>(model.state());
      less.removeIf(
          tensor -> !tensor.name().startsWith("optimizer.") || tensor.name().equals(cut));
      SafetensorsWriter.write(moments, less, Map.of());
      assertThatThrownBy(() -> TrainingCheckpoint.load(checkpoint, EngineSettings.FLOAT32))
          .isInstanceOfSatisfying(
              AgentOsException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID))
          .hasMessageContaining(cut);
      less.add(Tensor.of(cut, new float[3], 3));
      SafetensorsWriter.write(moments, less, Map.of());
      assertThatThrownBy(() -> TrainingCheckpoint.load(checkpoint, EngineSettings.FLOAT32))
          .hasMessageContaining(cut)
          .hasMessageContaining("[3]")
          .hasMessageContaining("[16]");
    }
    Files.delete(checkpoint.resolve("trainer/trainer_state.json"));
    assertThatThrownBy(() -> TrainingCheckpoint.read(checkpoint))
        .hasMessageContaining("is no checkpoint of a training");
  }
}
