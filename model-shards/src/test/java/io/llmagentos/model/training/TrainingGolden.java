package io.llmagentos.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.GoldenData;
import io.llmagentos.model.weights.T5Config;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.model.weights.TransformerConfig;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** A model with what Hugging Face transformers computes from it, forwards, backwards and over five steps of AdamW. */
record TrainingGolden(Path directory, JsonNode expected) {

  static List<TrainingGolden> ofTypes(String... types) {
    return GoldenData.models(types).stream()
        .map(directory ->
            new TrainingGolden(directory, GoldenData.read(directory.resolve("golden.json"))))
        .toList();
  }

  /** Those that are also trained. */
  static List<TrainingGolden> trained(String... types) {
    List<TrainingGolden> trained = ofTypes(types).stream()
        .filter(golden -> golden.expected.has("training"))
        .toList();
    assertThat(trained).isNotEmpty();
    return trained;
  }

  @Override
  public String toString() {
    return directory.getFileName().toString();
  }

  private Transformer load(EngineSettings settings) {
    return Transformer.load(directory, settings);
  }

  private static Batch batch(JsonNode inputs) {
    return new Batch(
        matrix(inputs.path("input_ids")),
        optional(inputs.path("attention_mask")),
        optional(inputs.path("token_type_ids")),
        optional(inputs.path("position_ids")),
        optional(inputs.path("decoder_input_ids")),
        inputs.has("labels") ? labels(inputs.path("labels")) : null);
  }

  private static int[][] labels(JsonNode labels) {
    return labels.get(0).isArray()
        ? matrix(labels)
        : StreamSupport.stream(labels.spliterator(), false)
            .map(label -> new int[] {label.asInt()})
            .toArray(int[][]::new);
  }

  private static int @org.jspecify.annotations.Nullable [][] optional(JsonNode json) {
    return json.isMissingNode() ? null : matrix(json);
  }

  private static int[][] matrix(JsonNode json) {
    int[][] rows = new int[json.size()][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = StreamSupport.stream(json.get(i).spliterator(), false)
          .mapToInt(JsonNode::asInt)
          .toArray();
    }
    return rows;
  }

  void checkForward(EngineSettings settings) {
    assertThat(expected.path("forward")).isNotEmpty();
    try (Transformer model = load(settings)) {
      for (JsonNode test : expected.path("forward")) {
        Batch batch = batch(test.path("inputs"));
        Map<String, float[][]> results = model.results(batch);
        Checks checks = new Checks(this + " " + test.path("name").asText(), results, batch);
        checks.rows(test.path("logits"), "logits", 0);
        checks.all(test.path("class_logits"), "logits");
        checks.rows(test.path("last_hidden"), last(results, "hidden."), 1e-5f);
        checks.rows(test.path("encoder_last_hidden"), last(results, "encoder_hidden."), 1e-5f);
        checks.layers(test.path("per_layer_hidden"), "hidden.");
        checks.layers(test.path("encoder_per_layer_hidden"), "encoder_hidden.");
      }
    }
  }

  private static String last(Map<String, float[][]> results, String prefix) {
    long layers =
        results.keySet().stream().filter(name -> name.startsWith(prefix)).count();
    return prefix + (layers - 1);
  }

  private record Checks(String what, Map<String, float[][]> results, Batch batch) {
    private static List<JsonNode> listed(JsonNode entries) {
      return entries.isObject()
          ? List.of(entries)
          : StreamSupport.stream(entries.spliterator(), false).toList();
    }

    /** Entries {b, p, v}. */
    void rows(JsonNode entries, String result, float relative) {
      for (JsonNode entry : listed(entries)) {
        check(entry.path("v"), row(result, entry), relative, result);
      }
    }

    /** Entries {b, p, v} with values for each layer. */
    void layers(JsonNode entries, String prefix) {
      for (JsonNode entry : listed(entries)) {
        assertThat(results.keySet().stream().filter(name -> name.startsWith(prefix)))
            .hasSize(entry.path("v").size());
        for (int i = 0; i < entry.path("v").size(); i++) {
          check(entry.path("v").get(i), row(prefix + i, entry), 1e-5f, prefix + i);
        }
      }
    }

    void all(JsonNode rows, String result) {
      for (int b = 0; b < rows.size(); b++) {
        check(rows.get(b), found(result)[b], 0, result);
      }
    }

    private float[][] found(String result) {
      assertThat(results).containsKey(result);
      return results.getOrDefault(result, new float[0][]);
    }

    private float[] row(String result, JsonNode entry) {
      float[][] rows = found(result);
      int tokens = rows.length / batch.inputIds().length;
      return rows[entry.path("b").asInt() * tokens + entry.path("p").asInt()];
    }

    private void check(JsonNode values, float[] found, float relative, String result) {
      assertThat(values).hasSize(found.length);
      for (int i = 0; i < found.length; i++) {
        float value = values.get(i).floatValue();
        assertThat(found[i])
            .as("%s %s[%s]", what, result, i)
            .isCloseTo(value, within(1e-4f + relative * Math.abs(value)));
      }
    }
  }

  void checkGradient(EngineSettings settings) {
    JsonNode training = expected.path("training");
    Batch batch = batch(training.path("inputs"));
    try (Transformer model = load(settings)) {
      Loss loss = model.accumulate(batch, 0);
      assertThat(loss.mean()).isCloseTo(training.path("loss").asDouble(), within(1e-4));
      assertThat(model.evaluate(batch).loss().sum())
          .isCloseTo(loss.sum(), within(1e-4 * loss.targets()));
      Map<String, Tensor> gradients = byName(model.gradients());
      Set<String> names = new HashSet<>();
      training.path("grads").properties().forEach(entry -> {
        names.add(entry.getKey());
        float[] found = floats(gradients, entry.getKey());
        double norm = norm(found) / loss.targets();
        assertNorm(norm, entry.getValue().path("norm").asDouble(), entry.getKey());
        for (int i = 0; i < entry.getValue().path("at").size(); i++) {
          double value = entry.getValue().path("v").get(i).asDouble();
          int at = entry.getValue().path("at").get(i).asInt();
          assertThat(found[at] / (double) loss.targets())
              .as("%s gradient of %s[%s]", this, entry.getKey(), at)
              .isCloseTo(value, within(1e-4 + 1e-3 * Math.abs(value)));
        }
      });
      assertThat(gradients.keySet()).isEqualTo(names);
    }
  }

  void checkBuckets() {
    T5Config config = (T5Config) TransformerConfig.read(directory);
    for (String direction : List.of("bidirectional", "causal")) {
      JsonNode buckets = expected.path("relative_position_buckets").path(direction);
      assertThat(buckets).isNotEmpty();
      for (int i = 0; i < buckets.size(); i++) {
        assertThat(config.bucket(i, buckets.size() / 2, direction.equals("bidirectional")))
            .as("%s %s", direction, i - buckets.size() / 2)
            .isEqualTo(buckets.get(i).asInt());
      }
    }
  }

  private void assertNorm(double found, double value, String name) {
    double tolerance = value < 1e-3 ? 1e-6 : 1e-3 * value;
    assertThat(found).as("%s norm of %s", this, name).isCloseTo(value, within(tolerance));
  }

  void checkAdamW(EngineSettings settings) {
    JsonNode training = expected.path("training");
    JsonNode recipe = training.path("adamw");
    Batch batch = batch(training.path("inputs"));
    var step = new OptimizerStep.AdamW(
        recipe.path("lr").asDouble(),
        recipe.path("beta1").asDouble(),
        recipe.path("beta2").asDouble(),
        recipe.path("eps").asDouble(),
        recipe.path("weight_decay").asDouble(),
        0);
    Set<String> noisy = new HashSet<>();
    recipe.path("noisy_tensors").forEach(name -> noisy.add(name.asText()));
    try (Transformer model = load(settings)) {
      for (int k = 0; k < recipe.path("losses").size(); k++) {
        if (k == 1 || k == 5) {
          checkNorms(model, recipe.path("param_norms_after_" + k), noisy);
        }
        Loss loss = model.accumulate(batch, k);
        assertThat(loss.mean())
            .as("%s loss after %s steps", this, k)
            .isCloseTo(recipe.path("losses").get(k).asDouble(), within(1e-4));
        double norm = model.step(1.0 / loss.targets(), step);
        double expectedNorm = recipe.path("grad_norms").get(k).asDouble();
        assertThat(norm)
            .as("%s gradient's norm after %s steps", this, k)
            .isCloseTo(expectedNorm, within(1e-3 * expectedNorm));
      }
    }
  }

  private void checkNorms(Transformer model, JsonNode norms, Set<String> noisy) {
    Map<String, Tensor> weights = byName(model.weights());
    assertThat(norms.size()).isEqualTo(weights.size());
    norms.properties().stream().filter(entry -> !noisy.contains(entry.getKey())).forEach(entry -> {
      double value = entry.getValue().asDouble();
      assertThat(norm(floats(weights, entry.getKey())))
          .as("%s norm of %s", this, entry.getKey())
          .isCloseTo(value, within(1e-4 * value));
    });
  }

  private static Map<String, Tensor> byName(List<Tensor> tensors) {
    return tensors.stream().collect(Collectors.toMap(Tensor::name, Function.identity()));
  }

  private static float[] floats(Map<String, Tensor> tensors, String name) {
    assertThat(tensors).containsKey(name);
    return java.util.Objects.requireNonNull(tensors.get(name)).toFloats();
  }

  private static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }
}
