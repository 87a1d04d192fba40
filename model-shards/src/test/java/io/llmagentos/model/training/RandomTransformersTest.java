package io.llmagentos.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.llmagentos.model.ReferenceTransformer;
import io.llmagentos.model.ReferenceTransformer.Sequence;
import io.llmagentos.model.weights.Activation;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.Dropout;
import io.llmagentos.model.weights.Gpt2Config;
import io.llmagentos.model.weights.LlamaConfig;
import io.llmagentos.model.weights.Parameter;
import io.llmagentos.model.weights.T5Config;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.model.weights.TransformerConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Models of every shape and with every option that their families have, and batches with padding on either side and ignored labels, against plain loops in
 * double: the loss, and of each weight the slope of the loss in a random direction, which the reference finds by going a little way.
 */
class RandomTransformersTest {
  private static final int MODELS = 8;
  private static final double STEP = 1e-5;
  /** Modules that are learnt beside an adapter. */
  private static final Map<String, List<String>> WHOLE = Map.of(
      "gpt2", List.of("wte", "ln_f"),
      "llama", List.of("embed_tokens", "norm"),
      "bert", List.of("LayerNorm"),
      "t5", List.of("shared", "final_layer_norm", "relative_attention_bias"));

  private final SplittableRandom random = new SplittableRandom(29);

  private boolean flip() {
    return random.nextBoolean();
  }

  private int one(int from, int to) {
    return from + random.nextInt(to - from + 1);
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private TransformerConfig config(String family) {
    return switch (family) {
      case "gpt2" -> gpt2();
      case "llama" -> llama();
      case "bert" -> bert();
      default -> t5();
    };
  }

  private Gpt2Config gpt2() {
    int heads = one(1, 4);
    int width = heads * one(1, 9);
    return new Gpt2Config(
        one(2, 60),
        16,
        width,
        one(1, 3),
        heads,
        flip() ? 4 * width : one(1, 40),
        one(List.of(1e-5f, 1e-3f)),
        flip(),
        flip(),
        flip(),
        one(List.of(Activation.values())),
        Dropout.NONE,
        0.02);
  }

  private LlamaConfig llama() {
    int keyValueHeads = one(1, 3);
    int heads = keyValueHeads * one(1, 3);
    int headDim = 2 * one(1, 6);
    boolean bias = flip();
    LlamaConfig.RopeScaling scaling =
        one(List.of(new LlamaConfig.Linear(2.5), new LlamaConfig.Llama3(8, 1, 4, one(8, 40))));
    return new LlamaConfig(
        "llama",
        one(2, 60),
        flip() ? heads * headDim : one(1, 40),
        one(1, 50),
        one(1, 3),
        heads,
        keyValueHeads,
        headDim,
        16,
        one(List.of(1e-5f, 1e-6f)),
        one(List.of(10_000.0, 500_000.0)),
        flip() ? scaling : null,
        bias,
        bias && flip(),
        flip(),
        flip(),
        one(List.of(Activation.values())),
        Dropout.NONE,
        0.02,
        flip() ? 1 : -1);
  }

  private BertConfig bert() {
    int heads = one(1, 4);
    int labels = flip() ? one(1, 5) : 0;
    return new BertConfig(
        one(2, 60),
        heads * one(2, 9),
        one(1, 3),
        heads,
        one(1, 40),
        16,
        one(1, 3),
        1e-12f,
        one(List.of(Activation.values())),
        flip(),
        Dropout.NONE,
        0.02,
        one(-1, 1),
        IntStream.range(0, labels).mapToObj(i -> "label " + i).toList());
  }

  private T5Config t5() {
    return new T5Config(
        one(2, 60),
        one(1, 30),
        one(1, 9),
        one(1, 40),
        one(1, 2),
        one(1, 2),
        one(1, 4),
        2 * one(2, 16),
        one(20, 128),
        1e-6f,
        flip(),
        one(List.of(Activation.values())),
        flip(),
        Dropout.NONE,
        1,
        0,
        1,
        0);
  }

  private double[] weights(Parameter parameter) {
    long[] shape = parameter.shape();
    double range = parameter.decays() ? 1.5 / Math.sqrt((double) shape[1]) : 0.3;
    double[] values = new double[parameter.elements()];
    // Rounded, so that both sides compute from the same numbers.
    Arrays.setAll(values, i -> (float) (parameter.mean() + range * (2 * random.nextDouble() - 1)));
    return values;
  }

  /** Rows with padding at one side, and labels of which some are ignored. */
  private Batch batch(TransformerConfig config, int labels) {
    int rows = one(1, 3);
    int tokens = one(1, 12);
    int[][] ids = matrix(rows, tokens, 0, config.vocabSize() - 1);
    int[][] mask = new int[rows][tokens];
    int[][] positions = new int[rows][tokens];
    boolean left = flip();
    for (int b = 0; b < rows; b++) {
      int real = one(1, tokens);
      for (int t = 0; t < tokens; t++) {
        mask[b][t] = (left ? t >= tokens - real : t < real) ? 1 : 0;
        positions[b][t] = Math.max(0, left ? t - (tokens - real) : t);
      }
    }
    boolean classifier = config instanceof BertConfig bert && bert.isClassifier();
    // A classifier reads the first token.
    boolean padded = flip() && !(classifier && left);
    int width = classifier ? 1 : config instanceof T5Config ? one(1, 10) : tokens;
    int[][] targets = matrix(rows, width, 0, labels - 1);
    for (int b = 0; b < rows; b++) {
      for (int t = 0; t < width; t++) {
        // What is padding, or is predicted by padding, is not learnt.
        boolean padding =
            padded && width == tokens && mask[b][t] * mask[b][Math.max(0, t - 1)] == 0;
        targets[b][t] = padding || random.nextInt(4) == 0 ? Batch.IGNORED : targets[b][t];
      }
    }
    Batch batch = Batch.of(ids).withLabels(targets);
    if (config instanceof BertConfig bert) {
      batch = batch.withTokenTypeIds(matrix(rows, tokens, 0, bert.typeVocabSize() - 1));
    }
    if (padded) {
      batch = batch.withAttentionMask(mask);
      batch = left && !(config instanceof T5Config) ? batch.withPositionIds(positions) : batch;
    }
    return batch;
  }

  private int[][] matrix(int rows, int columns, int from, int to) {
    int[][] matrix = new int[rows][columns];
    for (int[] row : matrix) {
      Arrays.setAll(row, t -> one(from, to));
    }
    return matrix;
  }

  private static Sequence sequence(TransformerConfig config, Batch batch, int b) {
    Sequence plain = Sequence.of(batch.inputIds()[b]);
    int[][] mask = batch.attentionMask();
    int[][] positions = batch.positionIds();
    int[][] types = batch.tokenTypeIds();
    boolean[] real = plain.real();
    for (int t = 0; mask != null && t < real.length; t++) {
      real[t] = mask[b][t] == 1;
    }
    int[] labels = batch.requiredLabels()[b];
    int[] decoder = new int[config instanceof T5Config ? labels.length : 0];
    for (int t = 1; t < decoder.length; t++) {
      decoder[t] = labels[t - 1] == Batch.IGNORED ? 0 : labels[t - 1];
    }
    return new Sequence(
        plain.ids(),
        real,
        positions == null ? plain.positions() : positions[b],
        types == null ? plain.types() : types[b],
        decoder);
  }

  /** @param smoothing as Hugging Face's LabelSmoother */
  private static Loss loss(
      TransformerConfig config, Map<String, double[]> weights, Batch batch, double smoothing) {
    var reference = new ReferenceTransformer(config, weights);
    boolean shifted = config instanceof Gpt2Config || config instanceof LlamaConfig;
    Loss loss = Loss.NONE;
    for (int b = 0; b < batch.inputIds().length; b++) {
      double[][] logits = reference.logits(sequence(config, batch, b));
      int[] labels = batch.requiredLabels()[b];
      for (int t = shifted ? 1 : 0; t < labels.length; t++) {
        if (labels[t] != Batch.IGNORED) {
          double[] row = logits[shifted ? t - 1 : t];
          double max = Arrays.stream(row).max().orElseThrow();
          double sum = Arrays.stream(row).map(v -> Math.exp(v - max)).sum();
          double total = max + Math.log(sum);
          double mean = Arrays.stream(row).map(v -> total - v).average().orElseThrow();
          double smoothed = (1 - smoothing) * (total - row[labels[t]]) + smoothing * mean;
          loss = loss.plus(new Loss(smoothed, 1));
        }
      }
    }
    return loss;
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "llama", "bert", "t5"})
  void shouldLearnLikeTheFormulas(String family) {
    for (int i = 0; i < MODELS; i++) {
      TransformerConfig config = config(family);
      var settings = new EngineSettings(Precision.FLOAT32, one(List.of(Kernels.values())), flip());
      Map<String, double[]> weights = config.parameters().stream()
          .collect(
              Collectors.toMap(Parameter::name, this::weights, (a, b) -> a, LinkedHashMap::new));
      try (var model = new Transformer(
          config,
          settings,
          JsonNodeFactory.instance.objectNode(),
          p -> floats(weights.getOrDefault(p.name(), new double[0])))) {
        check(model, weights, UnaryOperator.identity());
      }
    }
  }

  /** Only what learns has a gradient: that of the model to whose weights the adapter is added. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "llama", "bert", "t5"})
  void shouldLearnAdaptersLikeTheFormulas(String family) {
    for (int i = 0; i < MODELS; i++) {
      TransformerConfig config = config(family);
      var settings = new EngineSettings(Precision.FLOAT32, one(List.of(Kernels.values())), flip());
      Map<String, double[]> weights = config.parameters().stream()
          .collect(
              Collectors.toMap(Parameter::name, this::weights, (a, b) -> a, LinkedHashMap::new));
      var lora = new LoraConfig(
          one(1, 3),
          one(1, 6),
          0,
          flip() ? List.of() : List.of("all-linear"),
          flip() ? List.of() : WHOLE.getOrDefault(family, List.of()),
          "");
      try (var model = new Transformer(
          config,
          settings,
          JsonNodeFactory.instance.objectNode(),
          p -> floats(weights.getOrDefault(p.name(), new double[0])))) {
        model.addAdapter(lora, 3);
        List<Tensor> state = new ArrayList<>();
        for (Tensor tensor : model.state()) {
          if (tensor.name().endsWith("lora_B.weight") && !tensor.name().startsWith("optimizer.")) {
            state.add(Tensor.of(
                tensor.name(),
                floats(weights(new Parameter(tensor.name(), tensor.shape(), 0, 0, -1))),
                tensor.shape()));
          } else {
            state.add(Tensor.of(tensor.name(), tensor.toFloats(), tensor.shape()));
          }
        }
        model.restore(state);
        for (Tensor tensor : model.gradients()) {
          Tensor value = state.stream()
              .filter(t -> t.name().equals(tensor.name()))
              .findFirst()
              .orElseThrow();
          weights.put(tensor.name(), ReferenceTransformer.doubles(value.toFloats()));
        }
        double scale = lora.loraAlpha() / lora.r();
        check(model, weights, all -> merged(config, all, scale));
      }
    }
  }

  /** W + scale B A; GPT-2 has its weights the other way round. */
  private static Map<String, double[]> merged(
      TransformerConfig config, Map<String, double[]> weights, double scale) {
    Map<String, double[]> merged = new HashMap<>(weights);
    for (Parameter parameter : config.parameters()) {
      String module = parameter.name().replaceFirst(".weight$", "");
      double[] a = weights.get(module + ".lora_A.weight");
      double[] b = weights.get(module + ".lora_B.weight");
      if (a != null && b != null) {
        int inputs = (int) parameter.shape()[config instanceof Gpt2Config ? 0 : 1];
        int outputs = (int) parameter.shape()[config instanceof Gpt2Config ? 1 : 0];
        int r = a.length / inputs;
        double[] sum = weights.getOrDefault(parameter.name(), new double[0]).clone();
        for (int o = 0; o < outputs; o++) {
          for (int i = 0; i < inputs; i++) {
            for (int k = 0; k < r; k++) {
              sum[config instanceof Gpt2Config ? i * outputs + o : o * inputs + i] +=
                  scale * b[o * r + k] * a[k * inputs + i];
            }
          }
        }
        merged.put(parameter.name(), sum);
      }
    }
    return merged;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** @param modelOf what the reference computes with instead of these weights */
  private void check(
      Transformer model,
      Map<String, double[]> weights,
      UnaryOperator<Map<String, double[]>> modelOf) {
    TransformerConfig config = model.config();
    Batch batch = batch(config, Program.of(config).labels());
    double smoothing = flip() ? random.nextDouble() : 0;
    Loss expected = loss(config, modelOf.apply(weights), batch, smoothing);
    Loss found = model.accumulate(batch, 0, smoothing);
    assertThat(found.targets()).as("targets of %s", config).isEqualTo(expected.targets());
    assertThat(found.sum())
        .as("loss of %s", config)
        .isCloseTo(expected.sum(), within(2e-5 * (1 + expected.sum())));
    assertThat(model.evaluate(batch, smoothing).loss().sum())
        .as("evaluated loss of %s", config)
        .isCloseTo(expected.sum(), within(2e-5 * (1 + expected.sum())));
    for (Tensor gradient : model.gradients()) {
      double[] weight = weights.getOrDefault(gradient.name(), new double[0]);
      float[] slopes = gradient.toFloats();
      double[] direction = direction(config, gradient);
      double slope = 0;
      double length = 0;
      for (int i = 0; i < slopes.length; i++) {
        slope += slopes[i] * direction[i];
        length += (double) slopes[i] * slopes[i];
      }
      double[] ahead = weight.clone();
      double[] behind = weight.clone();
      for (int i = 0; i < weight.length; i++) {
        ahead[i] += STEP * direction[i];
        behind[i] -= STEP * direction[i];
      }
      weights.put(gradient.name(), ahead);
      double up = loss(config, modelOf.apply(weights), batch, smoothing).sum();
      weights.put(gradient.name(), behind);
      double down = loss(config, modelOf.apply(weights), batch, smoothing).sum();
      weights.put(gradient.name(), weight);
      assertThat(slope)
          .as("slope of %s of %s", gradient.name(), config)
          .isCloseTo((up - down) / (2 * STEP), within(1e-4 + 5e-4 * Math.sqrt(length)));
    }
  }

  /** Of each element -1 or 1, except where the gradient is not the loss's: a padding token's embedding learns only as an output. */
  private double[] direction(TransformerConfig config, Tensor parameter) {
    double[] direction = new double[Math.toIntExact(parameter.elements())];
    Arrays.setAll(direction, i -> flip() ? 1 : -1);
    int pad = switch (config) {
      case LlamaConfig llama -> llama.padTokenId();
      case BertConfig bert -> bert.padTokenId();
      default -> -1;
    };
    boolean embedding = parameter.name().endsWith("embed_tokens.weight")
        || parameter.name().endsWith("word_embeddings.weight");
    if (embedding && pad >= 0 && pad < parameter.shape()[0]) {
      int width = Math.toIntExact(parameter.shape()[1]);
      Arrays.fill(direction, pad * width, (pad + 1) * width, 0);
    }
    return direction;
  }
}
