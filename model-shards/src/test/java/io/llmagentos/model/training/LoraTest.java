package io.llmagentos.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.GoldenData;
import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.training.OptimizerStep.AdamW;
import io.llmagentos.model.weights.ModelFiles;
import io.llmagentos.model.weights.SafetensorsWriter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class LoraTest {
  private static final EngineSettings FLOAT32 = EngineSettings.FLOAT32;
  private static final AdamW STEP = new AdamW(2e-2, 0.9, 0.99, 1e-8, 0.01, 1);

  @TempDir
  Path directory;

  @BeforeAll
  static void oneThread() {
    PyTorch.threads(1);
  }

  static List<TransformerConfig> models() {
    return SmallModels.all(0);
  }

  static List<EngineSettings> settings() {
    return List.of(
        FLOAT32,
        new EngineSettings(Precision.FLOAT32, Kernels.ONEDNN, false),
        new EngineSettings(Precision.BFLOAT16, Kernels.MKL, false));
  }

  private static LoraConfig lora(double dropout, String... targets) {
    return new LoraConfig(4, 8, dropout, List.of(targets), List.of(), "base");
  }

  private static Transformer adapted(
      TransformerConfig config, EngineSettings settings, LoraConfig lora) {
    Transformer model = Transformer.initial(config, settings, 1);
    model.addAdapter(lora, 2);
    return model;
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

  private static Map<String, float[]> byName(List<Tensor> tensors) {
    Map<String, float[]> map = new TreeMap<>();
    tensors.forEach(tensor -> map.put(tensor.name(), tensor.toFloats()));
    return map;
  }

  private static float[] of(Map<String, float[]> tensors, String name) {
    return tensors.getOrDefault(name, new float[0]);
  }

  private static Map<String, float[]> learnt(Transformer model) {
    Map<String, float[]> map = byName(model.state());
    map.keySet().removeIf(name -> name.startsWith("optimizer."));
    return map;
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("models")
  void shouldBeginAsTheModelThatItAdapts(TransformerConfig config) {
    Batch batch = SmallModels.batch(config, 3, 1);
    try (Transformer base = Transformer.initial(config, FLOAT32, 1);
        Transformer model = adapted(config, FLOAT32, lora(0.3, "all-linear"))) {
      assertThat(model.logits(batch)).isDeepEqualTo(base.logits(batch));
      assertThat(byName(model.weights()))
          .usingRecursiveComparison()
          .isEqualTo(byName(base.weights()));
      learnt(model).forEach((name, values) -> {
        if (name.endsWith("lora_B.weight")) {
          assertThat(values).as(name).containsOnly(0);
        } else if (name.endsWith("lora_A.weight")) {
          float bound = 1 / (float) Math.sqrt(values.length / 4.0);
          float[] sorted = values.clone();
          Arrays.sort(sorted);
          assertThat(sorted[0]).as(name).isBetween(-bound, -0.8f * bound);
          assertThat(sorted[sorted.length - 1]).as(name).isBetween(0.8f * bound, bound);
        }
      });
    }
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("models")
  void shouldLearnTheAdapterAndNothingElse(TransformerConfig config) {
    Batch unseen = SmallModels.batch(config, 16, -1);
    try (Transformer base = Transformer.initial(config, FLOAT32, 1);
        Transformer model = adapted(config, FLOAT32, lora(0, "all-linear"))) {
      double before = model.evaluate(unseen).loss().mean();
      train(model, 0, 60);
      assertThat(model.evaluate(unseen).loss().mean()).isLessThan(before - 0.05);
      Map<String, float[]> frozen = byName(base.weights());
      Map<String, float[]> learnt = learnt(model);
      int changed = 0;
      for (Map.Entry<String, float[]> weight : byName(model.weights()).entrySet()) {
        String pair = weight.getKey().replaceFirst("weight$", "lora_B.weight");
        if (learnt.containsKey(pair) || learnt.containsKey(weight.getKey())) {
          assertThat(weight.getValue()).isNotEqualTo(of(frozen, weight.getKey()));
          changed++;
        } else {
          assertThat(weight.getValue())
              .as(weight.getKey())
              .containsExactly(of(frozen, weight.getKey()));
        }
      }
      assertThat(changed).isGreaterThanOrEqualTo(8);
    }
  }

  /** Gradient and both moments are the adapter's alone, and so is what ranks exchange. */
  @Test
  void shouldHoldGradientAndMomentsOfTheAdapterOnly() {
    TransformerConfig config = SmallModels.gpt2(true, 0);
    try (Transformer whole = Transformer.initial(config, FLOAT32, 1);
        Transformer model = adapted(config, FLOAT32, lora(0))) {
      long all = whole.gradientWidth();
      train(whole, 0, 1);
      assertThat(whole.nativeNumbers()).isEqualTo(4 * all);
      train(model, 0, 1);
      // c_attn of two layers: A [4][32], B [96][4].
      long adapter = 2 * (4 * 32 + 96 * 4);
      assertThat(model.gradientWidth()).isEqualTo(adapter);
      assertThat(model.nativeNumbers()).isEqualTo(all + 4 * adapter);
      assertThat(model.gradients().stream().map(Tensor::name))
          .containsExactly(
              "transformer.h.0.attn.c_attn.lora_A.weight",
              "transformer.h.0.attn.c_attn.lora_B.weight",
              "transformer.h.1.attn.c_attn.lora_A.weight",
              "transformer.h.1.attn.c_attn.lora_B.weight");
    }
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("models")
  void shouldLeaveAModelThatNeedsNoAdapter(TransformerConfig config) throws IOException {
    Batch batch = SmallModels.batch(config, 3, 3);
    try (Transformer model = adapted(config, FLOAT32, lora(0.1, "all-linear"))) {
      train(model, 0, 10);
      model.save(directory);
      float[][] expected = model.logits(batch);
      try (Transformer merged = Transformer.load(directory, FLOAT32)) {
        float[][] found = merged.logits(batch);
        for (int row = 0; row < expected.length; row++) {
          assertThat(found[row]).containsExactly(expected[row], within(1e-4f));
        }
        assertThat(byName(merged.weights()))
            .usingRecursiveComparison()
            .isEqualTo(byName(model.weights()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("settings")
  void shouldGoOnFromItsStateToTheBit(EngineSettings settings) throws IOException {
    Path file = directory.resolve("state.safetensors");
    for (TransformerConfig config : SmallModels.all(0.2)) {
      LoraConfig lora = lora(0.2, "all-linear");
      List<Double> expected;
      Map<String, float[]> end;
      try (Transformer model = adapted(config, settings, lora)) {
        train(model, 0, 3);
        SafetensorsWriter.write(file, model.state(), Map.of());
        expected = train(model, 3, 6);
        end = byName(model.state());
      }
      try (Transformer model = Transformer.initial(config, settings, 1);
          ModelFiles state = ModelFiles.openFile(file)) {
        model.addAdapter(lora, 77);
        model.restore(state.tensors());
        assertThat(train(model, 3, 6)).as("%s", config).isEqualTo(expected);
        assertThat(byName(model.state())).usingRecursiveComparison().isEqualTo(end);
      }
    }
  }

  /** With the same draws, going along the gradient changes the loss by the gradient's length. */
  @ParameterizedTest(name = "{index}")
  @MethodSource("models")
  void shouldLearnFromWhatDropoutKeeps(TransformerConfig config) {
    Batch batch = SmallModels.batch(config, 3, 3);
    try (Transformer model = adapted(config, FLOAT32, lora(0.4, "all-linear"))) {
      train(model, 0, 5);
      double drawn = model.accumulate(batch, 9).sum();
      assertThat(drawn).isNotEqualTo(model.evaluate(batch).loss().sum());
      assertThat(model.accumulate(batch, 8).sum()).isNotEqualTo(drawn);
      model.zeroGradient();
      assertThat(model.accumulate(batch, 9).sum()).isEqualTo(drawn);
      Map<String, float[]> slopes = byName(model.gradients());
      List<Tensor> state = model.state().stream()
          .map(tensor -> Tensor.of(tensor.name(), tensor.toFloats(), tensor.shape()))
          .toList();
      double length = 0;
      for (float[] values : slopes.values()) {
        for (float value : values) {
          length += (double) value * value;
        }
      }
      length = Math.sqrt(length);
      double step = 1e-2;
      double ahead = lossAt(model, moved(state, slopes, step / length), batch);
      double behind = lossAt(model, moved(state, slopes, -step / length), batch);
      assertThat((ahead - behind) / (2 * step)).isCloseTo(length, within(0.03 * length));
    }
  }

  private static double lossAt(Transformer model, List<Tensor> state, Batch batch) {
    model.restore(state);
    return model.accumulate(batch, 9).sum();
  }

  private static List<Tensor> moved(List<Tensor> state, Map<String, float[]> slopes, double by) {
    List<Tensor> moved = new ArrayList<>();
    for (Tensor tensor : state) {
      float[] values = tensor.toFloats();
      float[] direction = of(slopes, tensor.name());
      for (int i = 0; i < direction.length; i++) {
        values[i] += (float) (by * direction[i]);
      }
      moved.add(Tensor.of(tensor.name(), values, tensor.shape()));
    }
    return moved;
  }

  private static List<String> targets(TransformerConfig config, LoraConfig lora) {
    try (Transformer model = adapted(config, FLOAT32, lora)) {
      return learnt(model).keySet().stream()
          .filter(name -> name.endsWith(".lora_A.weight"))
          .map(name -> name.substring(0, name.length() - ".lora_A.weight".length()))
          .toList();
    }
  }

  @Test
  void shouldAdaptWhatPeftAdapts() {
    assertThat(targets(SmallModels.gpt2(true, 0), lora(0)))
        .containsExactly("transformer.h.0.attn.c_attn", "transformer.h.1.attn.c_attn");
    assertThat(targets(SmallModels.llama(false, 0), lora(0)))
        .hasSize(4)
        .allMatch(name -> name.matches("model\\.layers\\.\\d\\.self_attn\\.[qv]_proj"));
    assertThat(targets(SmallModels.bert(0), lora(0)))
        .hasSize(4)
        .allMatch(name -> name.matches(".*attention\\.self\\.(query|value)"));
    assertThat(targets(SmallModels.t5(true, 0), lora(0)))
        .hasSize(2 * 2 + 2 * 4)
        .allMatch(name -> name.matches(".*(SelfAttention|EncDecAttention)\\.[qv]"));
    assertThat(targets(SmallModels.gpt2(false, 0), lora(0, "all-linear"))).hasSize(8);
    assertThat(targets(SmallModels.llama(false, 0), lora(0, "all-linear"))).hasSize(14);
    assertThat(targets(SmallModels.t5(true, 0), lora(0, "all-linear"))).hasSize(2 * 7 + 2 * 11);
    assertThat(targets(SmallModels.bert(0), lora(0, "all-linear")))
        .as("all of the layers, and the head but for its output")
        .hasSize(2 * 6 + 1);
    assertThat(targets(SmallModels.bert(0, "no", "yes"), lora(0, "all-linear")))
        .as("the classifier's head learns whole")
        .hasSize(2 * 6);
    assertThat(targets(SmallModels.gpt2(true, 0), lora(0, "mlp.c_proj", "h.0.attn.c_attn")))
        .containsExactly(
            "transformer.h.0.attn.c_attn",
            "transformer.h.0.mlp.c_proj",
            "transformer.h.1.mlp.c_proj");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpt2 | q_proj | target_modules names q_proj, which the model does not have; it has [c_attn, c_proj, c_fc]",
        "gpt2 | c_atn | did you mean c_attn?",
        "gpt2 | attn | which the model does not have",
        "gpt2 | wte | which the model does not have",
        "llama | c_attn | it has [q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj]",
        "bert | q | it has [query, key, value, dense]",
        "t5 | query | it has [q, k, v, o, wi, wo]",
      })
  void shouldNameTheModulesThatAModelHas(String family, String target, String message) {
    TransformerConfig config = models().stream()
        .filter(model -> model.modelType().equals(family))
        .findFirst()
        .orElseThrow();
    Batch batch = SmallModels.batch(config, 2, 1);
    try (Transformer model = Transformer.initial(config, FLOAT32, 1)) {
      double before = model.evaluate(batch).loss().sum();
      AgentOsException thrown =
          catchThrowableOfType(AgentOsException.class, () -> model.addAdapter(lora(0, target), 1));
      assertThat(thrown.code()).isEqualTo(ErrorCode.SETTINGS_INVALID);
      assertThat(thrown).hasMessageContaining(message);
      assertThat(thrown.param()).isEqualTo("target_modules");
      assertThat(model.evaluate(batch).loss().sum()).isEqualTo(before);
    }
  }

  @Test
  void shouldLearnWholeModulesBesides() {
    TransformerConfig config = SmallModels.gpt2(true, 0);
    var lora = new LoraConfig(2, 2, 0, List.of(), List.of("ln_f", "wpe"), "");
    try (Transformer model = adapted(config, FLOAT32, lora)) {
      Map<String, float[]> before = learnt(model);
      assertThat(before)
          .containsKeys(
              "transformer.ln_f.weight", "transformer.ln_f.bias", "transformer.wpe.weight")
          .hasSize(4 + 3);
      train(model, 0, 2);
      Map<String, float[]> merged = byName(model.weights());
      for (String name : List.of("transformer.ln_f.bias", "transformer.wpe.weight")) {
        assertThat(of(merged, name)).isNotEqualTo(of(before, name));
        assertThat(of(merged, name)).containsExactly(of(learnt(model), name));
      }
    }
    var wrong = new LoraConfig(2, 2, 0, List.of(), List.of("lm_head"), "");
    assertThat(catchThrowableOfType(AgentOsException.class, () -> wrong.check(config)))
        .hasMessageContaining("modules_to_save names lm_head")
        .hasMessageContaining("wte");
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("models")
  void shouldComputeInBfloat16NearlyTheSame(TransformerConfig config) {
    LoraConfig lora = lora(0, "all-linear");
    Batch batch = SmallModels.batch(config, 4, 6);
    var half = new EngineSettings(Precision.BFLOAT16, Kernels.MKL, false);
    try (Transformer exact = adapted(config, FLOAT32, lora);
        Transformer rounded = adapted(config, half, lora)) {
      train(exact, 0, 5);
      rounded.restore(exact.state());
      double expected = exact.accumulate(batch, 0).mean();
      assertThat(rounded.accumulate(batch, 0).mean()).isCloseTo(expected, within(0.03 * expected));
      double norm = exact.step(1, STEP);
      assertThat(rounded.step(1, STEP)).isCloseTo(norm, within(0.05 * norm));
    }
  }

  @Test
  void shouldChooseKernelsForTheAdapterAlone() {
    TransformerConfig config = SmallModels.llama(true, 0);
    Batch sample = SmallModels.batch(config, 4, 19);
    EngineSettings fastest = EngineSettings.fastest(config, lora(0), Precision.FLOAT32, sample);
    assertThat(fastest.precision()).isEqualTo(Precision.FLOAT32);
    assertThat(catchThrowableOfType(
            AgentOsException.class,
            () -> EngineSettings.fastest(config, lora(0, "c_attn"), Precision.FLOAT32, sample)))
        .as("it is the adapter's model that is tried")
        .hasMessageContaining("c_attn");
  }

  @Test
  void shouldWriteWhatPeftReads() throws IOException {
    TransformerConfig config = SmallModels.bert(0, "no", "yes");
    try (Transformer model = adapted(config, FLOAT32, lora(0.1))) {
      train(model, 0, 2);
      model.saveAdapter(directory);
      JsonNode json = GoldenData.read(directory.resolve("adapter_config.json"));
      assertThat(json.path("peft_type").asText()).isEqualTo("LORA");
      assertThat(json.path("task_type").asText()).isEqualTo("SEQ_CLS");
      assertThat(json.path("base_model_name_or_path").asText()).isEqualTo("base");
      assertThat(json.path("r").asInt()).isEqualTo(4);
      assertThat(json.path("lora_alpha").asDouble()).isEqualTo(8);
      assertThat(json.path("lora_dropout").asDouble()).isEqualTo(0.1);
      assertThat(json.path("fan_in_fan_out").asBoolean()).isFalse();
      assertThat(json.path("target_modules").toString()).isEqualTo("[\"query\",\"value\"]");
      assertThat(json.path("modules_to_save").toString()).isEqualTo("[\"classifier\",\"pooler\"]");
      try (ModelFiles files = ModelFiles.openFile(directory.resolve("adapter_model.safetensors"))) {
        String layer = "base_model.model.bert.encoder.layer.1.attention.self.query.";
        assertThat(files.has(layer + "lora_A.weight")).isTrue();
        assertThat(files.has("base_model.model.classifier.weight")).isTrue();
        for (Tensor tensor : files.tensors()) {
          assertThat(tensor.name()).startsWith("base_model.model.");
          if (tensor.name().equals(layer + "lora_A.weight")) {
            assertThat(tensor.shape()).containsExactly(4, 32);
          } else if (tensor.name().equals(layer + "lora_B.weight")) {
            assertThat(tensor.shape()).containsExactly(32, 4);
          }
        }
        assertThat(byName(Transformer.adapterTensors(files)))
            .usingRecursiveComparison()
            .isEqualTo(learnt(model));
      }
    }
    try (Transformer model = adapted(SmallModels.gpt2(true, 0), FLOAT32, lora(0, "attn.c_proj"))) {
      model.saveAdapter(directory);
      JsonNode json = GoldenData.read(directory.resolve("adapter_config.json"));
      assertThat(json.path("task_type").asText()).isEqualTo("CAUSAL_LM");
      assertThat(json.path("fan_in_fan_out").asBoolean()).isTrue();
      assertThat(json.path("modules_to_save").isNull()).isTrue();
      assertThat(json.path("target_modules").toString())
          .as("c_proj alone would be that of the MLP, too")
          .isEqualTo("[\"transformer.h.0.attn.c_proj\",\"transformer.h.1.attn.c_proj\"]");
    }
  }
}
