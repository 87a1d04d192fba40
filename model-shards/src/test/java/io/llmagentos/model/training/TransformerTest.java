package io.llmagentos.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.GoldenData;
import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.engine.CpuEngine;
import io.llmagentos.model.engine.CpuEngineSettings;
import io.llmagentos.model.engine.Engine;
import io.llmagentos.model.training.OptimizerStep.AdamW;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.ModelConfig;
import io.llmagentos.model.weights.ModelFiles;
import io.llmagentos.model.weights.SafetensorsWriter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransformerTest {
  private static final EngineSettings FLOAT32 = EngineSettings.FLOAT32;
  private static final AdamW STEP = new AdamW(5e-3, 0.9, 0.99, 1e-8, 0.01, 1);

  @TempDir
  Path directory;

  @BeforeAll
  static void oneThread() {
    PyTorch.threads(1);
  }

  static List<TransformerConfig> plain() {
    return SmallModels.all(0);
  }

  static List<TransformerConfig> withDropout() {
    return SmallModels.all(0.3);
  }

  private static List<TransformerConfig> oneOfEach(double dropout) {
    return List.of(
        SmallModels.gpt2(true, dropout),
        SmallModels.llama(true, dropout),
        SmallModels.bert(dropout, "no", "yes"),
        SmallModels.t5(false, dropout));
  }

  private static float[] gradient(Transformer model) {
    float[] gradient = flat(model.gradients());
    model.zeroGradient();
    return gradient;
  }

  private static Batch rows(Batch batch, int from, int to) {
    return Batch.of(Arrays.copyOfRange(batch.inputIds(), from, to))
        .withAttentionMask(
            Arrays.copyOfRange(Objects.requireNonNull(batch.attentionMask()), from, to))
        .withLabels(Arrays.copyOfRange(batch.requiredLabels(), from, to));
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("plain")
  void shouldAddUpBatchesOfAnyLengths(TransformerConfig config) {
    Batch whole = SmallModels.batch(config, 6, 1);
    try (Transformer model = Transformer.initial(config, FLOAT32, 1)) {
      Loss loss = model.accumulate(whole, 0);
      float[] expected = gradient(model);
      Loss parts = Loss.NONE;
      for (int b = 0; b < 6; b += 2) {
        parts = parts.plus(model.accumulate(rows(whole, b, b + 2), 0));
      }
      assertThat(parts.targets()).isEqualTo(loss.targets());
      assertThat(parts.sum()).isCloseTo(loss.sum(), within(1e-5 * loss.sum()));
      assertThat(gradient(model)).containsExactly(expected, within(2e-4f));
      assertThat(gradient(model)).containsOnly(0);
    }
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("withDropout")
  void shouldDrawDropoutFromTheSeed(TransformerConfig config) {
    Batch batch = SmallModels.batch(config, 3, 2);
    try (Transformer model = Transformer.initial(config, FLOAT32, 2)) {
      double first = model.accumulate(batch, 7).sum();
      float[] expected = gradient(model);
      assertThat(model.accumulate(batch, 7).sum()).isEqualTo(first);
      assertThat(gradient(model)).containsExactly(expected);
      double other = model.accumulate(batch, 8).sum();
      assertThat(other).isNotEqualTo(first);
      assertThat(gradient(model)).isNotEqualTo(expected);
      assertThat(model.evaluate(batch).loss()).isEqualTo(model.evaluate(batch).loss());
    }
  }

  /** Hugging Face's Llama reads neither; what GPT-2's are called works here, and stays in the file. */
  @ParameterizedTest
  @ValueSource(strings = {"embd_pdrop", "resid_pdrop"})
  void shouldLeaveOutInALlamaAsInAGpt2(String key) throws IOException {
    ObjectNode json = SmallModels.llama(true, 0).toJson();
    assertThat(json.has(key)).isFalse();
    Files.writeString(directory.resolve("config.json"), json.put(key, 0.4).toString());
    TransformerConfig config = TransformerConfig.read(directory);
    assertThat(config.toJson().path(key).asDouble()).isEqualTo(0.4);
    Batch batch = SmallModels.batch(config, 3, 22);
    try (Transformer model = Transformer.initial(config, FLOAT32, 22)) {
      double whole = model.evaluate(batch).loss().sum();
      double first = model.accumulate(batch, 1).sum();
      assertThat(first).isNotCloseTo(whole, within(1e-4));
      assertThat(model.accumulate(batch, 2).sum()).isNotEqualTo(first);
      assertThat(model.accumulate(batch, 1).sum()).isEqualTo(first);
    }
  }

  /** With the same draws, going along the gradient changes the loss by the gradient's length. */
  @ParameterizedTest(name = "{index}")
  @MethodSource("withDropout")
  void shouldLearnFromWhatDropoutKeeps(TransformerConfig config) {
    Batch batch = SmallModels.batch(config, 3, 3);
    try (Transformer model = Transformer.initial(config, FLOAT32, 4)) {
      train(model, 0, 3);
      List<Tensor> state = copies(model.state());
      model.accumulate(batch, 9);
      List<Tensor> slopes = copies(model.gradients());
      double length =
          Math.sqrt(Arrays.stream(doubles(flat(slopes))).map(v -> v * v).sum());
      double step = 2e-2;
      double ahead = lossAt(model, moved(state, slopes, step / length), batch);
      double behind = lossAt(model, moved(state, slopes, -step / length), batch);
      assertThat((ahead - behind) / (2 * step)).isCloseTo(length, within(0.03 * length));
    }
  }

  private static double lossAt(Transformer model, List<Tensor> state, Batch batch) {
    model.restore(state);
    return model.accumulate(batch, 9).sum();
  }

  /** The state with its first tensors, the weights, moved. */
  private static List<Tensor> moved(List<Tensor> state, List<Tensor> direction, double by) {
    List<Tensor> moved = new ArrayList<>(state);
    for (int i = 0; i < direction.size(); i++) {
      float[] values = state.get(i).toFloats();
      float[] slopes = direction.get(i).toFloats();
      for (int j = 0; j < values.length; j++) {
        values[j] += (float) (by * slopes[j]);
      }
      moved.set(i, Tensor.of(state.get(i).name(), values, state.get(i).shape()));
    }
    return moved;
  }

  private static List<Tensor> copies(List<Tensor> views) {
    return views.stream().map(t -> Tensor.of(t.name(), t.toFloats(), t.shape())).toList();
  }

  /** Against the logits; a label is ignored, and padding is. */
  @ParameterizedTest(name = "{index}")
  @MethodSource("plain")
  void shouldPredictTheLikeliestLabelOfEachTarget(TransformerConfig config) {
    Batch batch = SmallModels.batch(config, 5, 21);
    batch.requiredLabels()[0][0] = Batch.IGNORED;
    if (batch.requiredLabels()[0].length > 1) {
      batch.requiredLabels()[0][7] = Batch.IGNORED;
    }
    try (Transformer model = Transformer.initial(config, FLOAT32, 21)) {
      train(model, 0, 3);
      float[][] logits = model.logits(batch);
      int shift = config instanceof ModelConfig ? 1 : 0;
      List<Integer> predictions = new ArrayList<>();
      List<Integer> labels = new ArrayList<>();
      int width = batch.requiredLabels()[0].length;
      for (int b = 0; b < 5; b++) {
        for (int t = shift; t < width; t++) {
          if (batch.requiredLabels()[b][t] != Batch.IGNORED) {
            labels.add(batch.requiredLabels()[b][t]);
            predictions.add(likeliest(logits[b * width + t - shift]));
          }
        }
      }
      Evaluated evaluated = model.evaluate(batch);
      assertThat(evaluated.loss().targets()).isEqualTo(labels.size());
      assertThat(evaluated.labels()).containsExactly(labels.toArray(Integer[]::new));
      assertThat(evaluated.predictions()).containsExactly(predictions.toArray(Integer[]::new));
      long right = IntStream.range(0, labels.size())
          .filter(i -> labels.get(i).equals(predictions.get(i)))
          .count();
      assertThat(evaluated.right()).isEqualTo(right);
    }
  }

  private static int likeliest(float[] logits) {
    return IntStream.range(0, logits.length)
        .reduce((a, b) -> logits[b] > logits[a] ? b : a)
        .orElseThrow();
  }

  private static double[] doubles(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  static List<EngineSettings> settings() {
    return List.of(
        FLOAT32,
        new EngineSettings(Precision.FLOAT32, Kernels.ONEDNN, false),
        new EngineSettings(Precision.BFLOAT16, Kernels.MKL, false));
  }

  private static List<Double> train(Transformer model, int from, int to) {
    List<Double> losses = new ArrayList<>();
    for (int i = from; i < to; i++) {
      Loss loss = model.accumulate(SmallModels.batch(model.config(), 8, i), i);
      model.step(1.0 / loss.targets(), STEP);
      losses.add(loss.mean());
    }
    return losses;
  }

  @ParameterizedTest
  @MethodSource("settings")
  void shouldGoOnFromItsStateToTheBit(EngineSettings settings) throws IOException {
    for (TransformerConfig config : oneOfEach(0.3)) {
      Path file = directory.resolve("model.safetensors");
      List<Double> expected;
      float[] weights;
      try (Transformer model = Transformer.initial(config, settings, 3)) {
        train(model, 0, 3);
        SafetensorsWriter.write(file, model.state(), Map.of());
        expected = train(model, 3, 6);
        weights = flat(model.weights());
      }
      try (Transformer model = Transformer.initial(config, settings, 4);
          ModelFiles files = ModelFiles.open(directory)) {
        model.restore(files.tensors());
        assertThat(model.steps()).isEqualTo(3);
        assertThat(train(model, 3, 6)).as("%s", config).isEqualTo(expected);
        assertThat(flat(model.weights())).containsExactly(weights);
      }
    }
  }

  private static float[] flat(List<Tensor> tensors) {
    int size = tensors.stream().mapToInt(t -> Math.toIntExact(t.elements())).sum();
    float[] flat = new float[size];
    int at = 0;
    for (Tensor tensor : tensors) {
      tensor.read(0, flat, at, Math.toIntExact(tensor.elements()));
      at += Math.toIntExact(tensor.elements());
    }
    return flat;
  }

  @ParameterizedTest
  @MethodSource("settings")
  void shouldLearnToCount(EngineSettings settings) {
    for (TransformerConfig config : oneOfEach(0)) {
      try (Transformer model = Transformer.initial(config, settings, 5)) {
        Batch unseen = SmallModels.batch(config, 16, -1);
        double before = model.evaluate(unseen).loss().mean();
        train(model, 0, 60);
        assertThat(model.evaluate(unseen).loss().mean()).as("%s", config).isLessThan(0.6 * before);
      }
    }
  }

  @Test
  void shouldComputeInBfloat16NearlyTheSame() {
    for (TransformerConfig config : plain()) {
      Batch batch = SmallModels.batch(config, 4, 6);
      var half = new EngineSettings(Precision.BFLOAT16, Kernels.MKL, false);
      try (Transformer exact = Transformer.initial(config, FLOAT32, 6);
          Transformer rounded = Transformer.initial(config, half, 6)) {
        double expected = exact.accumulate(batch, 0).mean();
        assertThat(rounded.accumulate(batch, 0).mean())
            .as("%s", config)
            .isCloseTo(expected, within(0.03 * expected));
        double norm = exact.step(1, STEP);
        assertThat(rounded.step(1, STEP)).as("%s", config).isCloseTo(norm, within(0.05 * norm));
      }
    }
  }

  @Test
  void shouldWriteDirectoriesThatAreServed() throws IOException {
    for (TransformerConfig config : plain()) {
      Path target = directory.resolve("model");
      try (Transformer model = Transformer.initial(config, FLOAT32, 8)) {
        train(model, 0, 5);
        model.save(target);
        assertThat(TransformerConfig.read(target)).isEqualTo(config);
        try (Transformer again = Transformer.load(target, FLOAT32)) {
          assertThat(flat(again.weights())).containsExactly(flat(model.weights()));
        }
        if (config instanceof ModelConfig) {
          assertServed(target, model);
        } else {
          AgentOsException refused =
              catchThrowableOfType(AgentOsException.class, () -> ModelConfig.read(target));
          assertThat(refused.code()).isEqualTo(ErrorCode.MODEL_UNSUPPORTED);
          assertThat(refused).hasMessageContaining("model_type " + config.modelType());
        }
      }
    }
  }

  private static void assertServed(Path target, Transformer model) {
    int[] tokens = {3, 5, 7, 11};
    float[][] expected = model.logits(Batch.of(new int[][] {tokens}));
    try (CpuEngine engine = CpuEngine.load(target, CpuEngineSettings.create(1, 64))) {
      float[][] found = new float[1][engine.vocabularySize()];
      engine.forward(List.of(new Engine.Feed(engine.open(tokens.length), tokens)), found);
      assertThat(found[0]).containsExactly(expected[tokens.length - 1], within(1e-4f));
    }
  }

  @Test
  void shouldWriteWhatHuggingFaceWrites() throws IOException {
    try (Transformer model = Transformer.initial(SmallModels.gpt2(true, 0.1), FLOAT32, 9)) {
      model.save(directory);
    }
    JsonNode config = GoldenData.read(directory.resolve("config.json"));
    assertThat(config.path("architectures").path(0).asText()).isEqualTo("GPT2LMHeadModel");
    assertThat(config.path("model_type").asText()).isEqualTo("gpt2");
    assertThat(config.path("n_embd").asInt()).isEqualTo(32);
    assertThat(config.path("n_inner").isNull()).isTrue();
    assertThat(config.path("layer_norm_epsilon").asText()).isEqualTo("1.0E-5");
    assertThat(config.path("resid_pdrop").asDouble()).isEqualTo(0.1);
    assertThat(
            Files.readString(directory.resolve("model.safetensors"), StandardCharsets.ISO_8859_1))
        .contains("\"__metadata__\":{\"format\":\"pt\"}")
        .contains("transformer.h.1.mlp.c_proj.weight")
        .doesNotContain("lm_head");
  }

  @Test
  void shouldInitialiseLikeHuggingFace() {
    try (Transformer model = Transformer.initial(SmallModels.gpt2(true, 0), FLOAT32, 10);
        Transformer same = Transformer.initial(SmallModels.gpt2(true, 0), FLOAT32, 10);
        Transformer other = Transformer.initial(SmallModels.gpt2(true, 0), FLOAT32, 11)) {
      assertThat(flat(same.weights())).containsExactly(flat(model.weights()));
      assertThat(flat(other.weights())).isNotEqualTo(flat(model.weights()));
      for (Tensor tensor : model.weights()) {
        float[] values = tensor.toFloats();
        if (tensor.name().endsWith("bias")) {
          assertThat(values).containsOnly(0);
        } else if (tensor.shape().length == 1) {
          assertThat(values).containsOnly(1);
        } else {
          double expected = tensor.name().contains("c_proj") ? 0.02 / 2 : 0.02;
          double square = IntStream.range(0, values.length)
              .mapToDouble(i -> values[i] * values[i])
              .sum();
          assertThat(Math.sqrt(square / values.length))
              .as(tensor.name())
              .isCloseTo(expected, within(0.15 * expected));
        }
      }
    }
    try (Transformer bert = Transformer.initial(SmallModels.bert(0), FLOAT32, 12)) {
      float[] words = bert.weights().getFirst().toFloats();
      assertThat(Arrays.copyOf(words, 32)).as("padding").containsOnly(0);
      assertThat(Arrays.copyOfRange(words, 32, 64)).doesNotContain(0);
    }
  }

  @Test
  void shouldPutAnotherHeadOnAModel() throws IOException {
    float[] body;
    try (Transformer masked = Transformer.initial(SmallModels.bert(0), FLOAT32, 13)) {
      masked.save(directory);
      body = masked.weights().getFirst().toFloats();
    }
    BertConfig config = ((BertConfig) TransformerConfig.read(directory))
        .withLabels(List.of("question", "order", "other"));
    try (Transformer classifier = Transformer.adapt(directory, config, FLOAT32, 14, false)) {
      assertThat(classifier.weights().getFirst().toFloats()).containsExactly(body);
      assertThat(classifier.logits(Batch.of(new int[][] {{1, 2}, {3, 4}}))).hasDimensions(2, 3);
    }
    AgentOsException missing = catchThrowableOfType(
        AgentOsException.class,
        () -> Transformer.adapt(directory, SmallModels.gpt2(true, 0), FLOAT32, 14, false));
    assertThat(missing.code()).isEqualTo(ErrorCode.MODEL_FILE_CORRUPT);
    assertThat(missing).hasMessageContaining("wte.weight");
  }

  private static AgentOsException refused(Transformer model, Batch batch) {
    return catchThrowableOfType(AgentOsException.class, () -> model.accumulate(batch, 0));
  }

  @Test
  void shouldNameWhatDoesNotFitTheModel() {
    try (Transformer model = Transformer.initial(SmallModels.gpt2(true, 0), FLOAT32, 15)) {
      int[][] ids = {{1, 2, 3}};
      Batch batch = Batch.of(ids).withLabels(ids);
      Map<Batch, String> batches = Map.of(
          Batch.of(new int[][] {{1, 50, 3}}).withLabels(ids),
          "input_ids [0][1] is 50, expected 0 to 49",
          batch.withLabels(new int[][] {{1, -1, 3}}),
          "labels [0][1] is -1, expected 0 to 49, or -100 for what is not learnt",
          batch.withLabels(new int[][] {{1, 2}}),
          "labels have rows of [2], expected 1 of 3 each",
          batch.withPositionIds(new int[][] {{0, 1, 16}}),
          "position_ids [0][2] is 16, expected 0 to 15",
          batch.withAttentionMask(new int[][] {{0, 1, 2}}),
          "attention_mask [0][2] is 2, expected 0 to 1",
          batch.withTokenTypeIds(ids),
          "token_type_ids are for bert, this is a gpt2",
          batch.withDecoderInputIds(ids),
          "decoder_input_ids are for t5, this is a gpt2",
          Batch.of(new int[0][]).withLabels(ids),
          "input_ids are 0 rows of 0, expected at least one of one");
      batches.forEach((wrong, message) -> {
        AgentOsException thrown = refused(model, wrong);
        assertThat(thrown).as(message).isNotNull().hasMessage(message);
        assertThat(thrown.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
      });
      AgentOsException tooLong =
          refused(model, Batch.of(new int[1][17]).withLabels(new int[1][17]));
      assertThat(tooLong.code()).isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED);
      assertThat(tooLong)
          .hasMessage("input_ids has rows of 17 tokens, longer than the model's context of 16");
      assertThat(model.accumulate(batch.withLabels(new int[][] {{5, -100, -100}}), 0))
          .as("nothing to learn")
          .isEqualTo(Loss.NONE);
      assertThat(gradient(model)).containsOnly(0);
    }
  }

  @Test
  void shouldStopWhenItDiverges() {
    TransformerConfig config = SmallModels.gpt2(true, 0);
    Batch batch = SmallModels.batch(config, 2, 16);
    try (Transformer model = Transformer.initial(config, FLOAT32, 16)) {
      float[] before = flat(model.weights());
      GradientBuckets whole = model.buckets(Long.MAX_VALUE);
      float[] gradient = new float[whole.width(0)];
      gradient[3] = Float.POSITIVE_INFINITY;
      whole.write(0, gradient);
      AgentOsException step =
          catchThrowableOfType(AgentOsException.class, () -> model.step(1, STEP));
      assertThat(step.code()).isEqualTo(ErrorCode.TRAINING_DIVERGED);
      assertThat(step).hasMessageContaining("step 1").hasMessageContaining("Infinity");
      assertThat(flat(model.weights())).containsExactly(before);
      assertThat(model.steps()).isZero();

      List<Tensor> state = new ArrayList<>(model.state());
      Tensor first = state.getFirst();
      float[] broken = first.toFloats();
      Arrays.fill(broken, Float.NaN);
      state.set(0, Tensor.of(first.name(), broken, first.shape()));
      model.restore(state);
      AgentOsException loss = refused(model, batch);
      assertThat(loss.code()).isEqualTo(ErrorCode.TRAINING_DIVERGED);
      assertThat(loss).hasMessageContaining("NaN").hasMessageContaining("after step 0");
      assertThat(gradient(model)).containsOnly(0);
    }
  }

  @Test
  void shouldNameTheTensorThatACheckpointLacks() {
    try (Transformer model = Transformer.initial(SmallModels.gpt2(true, 0), FLOAT32, 17)) {
      List<Tensor> state = new ArrayList<>(model.state());
      Tensor last = state.removeLast();
      assertThat(invalid(model, state)).hasMessageContaining("no tensor " + last.name());
      state.add(last);
      state.set(0, Tensor.of(state.getFirst().name(), new float[6], 2, 3));
      assertThat(invalid(model, state))
          .hasMessageContaining("transformer.wte.weight is F32[2, 3], expected F32[50, 32]");
    }
  }

  private static AgentOsException invalid(Transformer model, List<Tensor> state) {
    AgentOsException thrown =
        catchThrowableOfType(AgentOsException.class, () -> model.restore(state));
    assertThat(thrown.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID);
    return thrown;
  }

  @Test
  void shouldHoldNoMoreMemoryAfterHundredsOfSteps() throws IOException {
    TransformerConfig config = SmallModels.gpt2(true, 0.1);
    try (Transformer model = Transformer.initial(config, FLOAT32, 18)) {
      GradientBuckets buckets = model.buckets(5000);
      Batch batch = SmallModels.batch(config, 64, 18);
      long before = 0;
      int arrays = 0;
      for (int i = 0; i < 400; i++) {
        model.accumulate(batch, i);
        Loss loss = buckets.accumulate(batch, i, 0, bucket -> {});
        model.step(1.0 / loss.targets(), STEP);
        model.evaluate(batch);
        if (i == 100) {
          before = resident();
          arrays = model.nativeArrays();
        }
      }
      assertThat(model.nativeArrays()).isEqualTo(arrays);
      // 300 steps, each with some 20 MB of intermediate results.
      assertThat(resident() - before).isLessThan(300L << 20);
    }
  }

  /** Bytes that this process has in memory. */
  private static long resident() throws IOException {
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[1];
    return Long.parseLong(pages) * 4096;
  }

  @Test
  void shouldChooseKernelsByTryingThem() {
    TransformerConfig config = SmallModels.llama(true, 0);
    for (Precision precision : Precision.values()) {
      Batch sample = SmallModels.batch(config, 4, 19);
      EngineSettings fastest = EngineSettings.fastest(config, precision, sample);
      assertThat(fastest.precision()).isEqualTo(precision);
      try (Transformer model = Transformer.initial(config, fastest, 19);
          Transformer exact = Transformer.initial(config, FLOAT32, 19)) {
        double expected = exact.evaluate(sample).loss().mean();
        assertThat(model.evaluate(sample).loss().mean())
            .isCloseTo(expected, within(0.03 * expected));
      }
    }
  }

  @Test
  void shouldKeepWhatAConfigurationSaysBesides() throws IOException {
    Path first = directory.resolve("first");
    Path second = directory.resolve("second");
    ObjectNode others = JsonNodeFactory.instance.objectNode();
    others.put("eos_token_id", 7).put("n_layer", 99);
    try (Transformer model = Transformer.initial(SmallModels.gpt2(true, 0), FLOAT32, 20)) {
      model.save(first, others);
    }
    try (Transformer model = Transformer.load(first, FLOAT32)) {
      model.save(second);
    }
    JsonNode config = GoldenData.read(second.resolve("config.json"));
    assertThat(config.path("eos_token_id").asInt()).isEqualTo(7);
    assertThat(config.path("n_layer").asInt()).isEqualTo(2);
  }
}
