package io.llmagentos.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.GoldenData;
import io.llmagentos.model.training.Graph.Attention;
import io.llmagentos.model.training.Graph.Value;
import io.llmagentos.model.training.GraphRun.Result;
import io.llmagentos.model.weights.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each operation and its derivative against PyTorch. */
class OperatorsGoldenTest {
  private static final JsonNode GOLDEN =
      GoldenData.read(GoldenData.directory().resolve("ops.json"));
  private static final EngineSettings SETTINGS = EngineSettings.FLOAT32;
  private static final Map<String, BiFunction<Graph, Value, Value>> ACTIVATIONS = Map.of(
      "gelu", (graph, x) -> graph.activation(Activation.GELU, x),
      "gelu_new", (graph, x) -> graph.activation(Activation.GELU_NEW, x),
      "gelu_pytorch_tanh", (graph, x) -> graph.activation(Activation.GELU_NEW, x),
      "relu", (graph, x) -> graph.activation(Activation.RELU, x),
      "silu", (graph, x) -> graph.activation(Activation.SILU, x),
      "tanh", Graph::tanh,
      "quick_gelu", (graph, x) -> graph.activation(Activation.QUICK_GELU, x));

  private static float[] floats(JsonNode json) {
    float[] values = new float[json.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = json.get(i).floatValue();
    }
    return values;
  }

  private static void assertClose(float[] found, JsonNode expected, String what) {
    float[] values = floats(expected);
    assertThat(found).as(what).hasSameSizeAs(values);
    for (int i = 0; i < values.length; i++) {
      assertThat(found[i])
          .as("%s[%s]", what, i)
          .isCloseTo(values[i], within(1e-5f * Math.max(1, Math.abs(values[i]))));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "tanh", "quick_gelu"})
  void shouldActivate(String name) {
    float[] x = floats(GOLDEN.path("x"));
    float[] ones = new float[x.length];
    Arrays.fill(ones, 1);
    Result result = new GraphRun()
        .with("x", x, 1, x.length)
        .run(
            SETTINGS,
            ones,
            graph -> ACTIVATIONS
                .getOrDefault(name, Graph::tanh)
                .apply(graph, GraphRun.rows(graph, "x", 1)));
    assertClose(result.y(), GOLDEN.path("act").path(name), name);
    if (GOLDEN.path("act_grad").has(name)) {
      assertClose(result.gradient("x"), GOLDEN.path("act_grad").path(name), name + "'s derivative");
    }
  }

  private static GraphRun norm() {
    JsonNode norm = GOLDEN.path("norm");
    int rows = norm.path("shape").get(0).asInt();
    int width = norm.path("shape").get(1).asInt();
    return new GraphRun()
        .with("x", floats(norm.path("X")), rows, width)
        .with("n.weight", floats(norm.path("w")), width)
        .with("n.bias", floats(norm.path("b")), width);
  }

  private static int normRows() {
    return GOLDEN.path("norm").path("shape").get(0).asInt();
  }

  private static void checkNorm(Result result, String name, String... gradients) {
    JsonNode expected = GOLDEN.path("norm").path(name);
    assertClose(result.y(), expected.path("y"), name);
    for (int i = 0; i < gradients.length; i++) {
      assertClose(
          result.gradient(gradients[i]), expected.path("grads").get(i), name + " " + gradients[i]);
    }
  }

  @Test
  void shouldNormaliseLayers() {
    Result result = norm()
        .run(
            SETTINGS,
            floats(GOLDEN.path("norm").path("dy")),
            graph -> graph.layerNorm(GraphRun.rows(graph, "x", normRows()), "n", 1e-5));
    checkNorm(result, "layer_norm_eps1e-5", "x", "n.weight", "n.bias");
  }

  @Test
  void shouldNormaliseByTheRootMeanSquare() {
    Result result = norm()
        .run(
            SETTINGS,
            floats(GOLDEN.path("norm").path("dy")),
            graph -> graph.rmsNorm(GraphRun.rows(graph, "x", normRows()), "n.weight", 1e-5));
    checkNorm(result, "rms_norm_eps1e-5", "x", "n.weight");
  }

  /** By an attention of which each query is a basis vector's scores, and the values are the identity: the result is the softmax. */
  @Test
  void shouldComputeSoftmax() {
    JsonNode norm = GOLDEN.path("norm");
    int rows = normRows();
    int width = norm.path("shape").get(1).asInt();
    float[] identity = new float[width * width];
    for (int i = 0; i < width; i++) {
      identity[i * width + i] = 1;
    }
    Result result = norm()
        .with("identity", identity, width, width)
        .run(SETTINGS, floats(norm.path("dy")), graph -> {
          Value keys = GraphRun.rows(graph, "identity", width);
          return graph.attention(
              new Attention(1, 1, 1, false, 0, "None", null),
              GraphRun.rows(graph, "x", rows),
              keys,
              keys);
        });
    checkNorm(result, "softmax_lastdim", "x");
  }

  @ParameterizedTest
  @EnumSource
  void shouldComputeCrossEntropy(Kernels kernels) {
    JsonNode norm = GOLDEN.path("norm");
    int rows = normRows();
    int width = norm.path("shape").get(1).asInt();
    float[] identity = new float[width * width];
    for (int i = 0; i < width; i++) {
      identity[i * width + i] = 1;
    }
    JsonNode targets = GOLDEN.path("cross_entropy").path("target");
    long[] learnt =
        LongStream.range(0, rows).filter(i -> targets.get((int) i).asInt() >= 0).toArray();
    Result result = norm()
        .with("identity", identity, width, width)
        .with(Input.ROWS, learnt)
        .with(Input.SMOOTHING, 0)
        .with(
            Input.TARGETS,
            LongStream.of(learnt).map(i -> targets.get((int) i).asInt()).toArray())
        .run(
            new EngineSettings(Precision.FLOAT32, kernels, true),
            new float[0],
            graph ->
                graph.crossEntropy(graph.rows(GraphRun.rows(graph, "x", rows)), "identity", null));
    assertThat(result.y()[0] / learnt.length)
        .isCloseTo(GOLDEN.path("cross_entropy").path("loss").floatValue(), within(1e-5f));
    float[] mean = result.gradient("x").clone();
    for (int i = 0; i < mean.length; i++) {
      mean[i] /= learnt.length;
    }
    assertClose(mean, GOLDEN.path("cross_entropy").path("grad"), "cross entropy's derivative");
  }

  @Test
  void shouldTurnByPosition() {
    JsonNode rope = GOLDEN.path("rope");
    int width = rope.path("head_dim").asInt();
    int rows = rope.path("positions").size();
    List<Double> frequencies = new ArrayList<>();
    for (int i = 0; i < width / 2; i++) {
      frequencies.add(Math.pow(rope.path("theta").asDouble(), -2.0 * i / width));
    }
    float[] x = floats(rope.path("x"));
    Result result = new GraphRun()
        .with("x", x, x.length / width, width)
        .run(SETTINGS, floats(rope.path("y")), graph -> {
          graph.define("angles = torch.outer(torch.tensor(%s, dtype=6), torch.tensor(%s, dtype=6))"
              .formatted(Arrays.toString(floats(rope.path("positions"))), frequencies));
          graph.define("cosine = torch.cos(angles)");
          graph.define("sine = torch.sin(angles)");
          return graph.rotary(GraphRun.rows(graph, "x", rows), 1);
        });
    assertClose(result.y(), rope.path("y"), "rope");
    // A rotation's derivative turns back.
    assertClose(result.gradient("x"), rope.path("x"), "rope's derivative");
  }

  /** [H][T][d] as [T][H*d]. */
  private static float[] joined(JsonNode json, int heads, int rows, int width) {
    float[] from = floats(json);
    float[] to = new float[from.length];
    for (int h = 0; h < heads; h++) {
      for (int t = 0; t < rows; t++) {
        System.arraycopy(from, (h * rows + t) * width, to, t * heads * width + h * width, width);
      }
    }
    return to;
  }

  /** With a position bias of zeros the weights are computed one by one, without it by the fused kernel. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldAttend(boolean plain) {
    JsonNode golden = GOLDEN.path("attention");
    int heads = golden.path("q_shape").get(1).asInt();
    int queries = golden.path("q_shape").get(2).asInt();
    int width = golden.path("q_shape").get(3).asInt();
    int keys = golden.path("kv_shape").get(2).asInt();
    int cached = keys - queries;
    long inner = (long) heads * width;
    Result result = new GraphRun()
        .with("q", joined(golden.path("q"), heads, queries, width), queries, inner)
        .with("k", joined(golden.path("k"), heads, keys, width), keys, inner)
        .with("v", joined(golden.path("v"), heads, keys, width), keys, inner)
        .with("table", new float[heads], 1, heads)
        .with(Input.ENCODER_BUCKETS, new long[queries * keys])
        .run(SETTINGS, joined(golden.path("dout"), heads, queries, width), graph -> {
          graph.define("looks = torch.triu(torch.full([%s, %s], -1.0e30), %s)"
              .formatted(queries, keys, cached + 1));
          graph.define("bias = torch.view(looks, [1, 1, %s, %s])".formatted(queries, keys));
          Value position = graph.position("table", Input.ENCODER_BUCKETS, "" + queries);
          double scale = golden.path("scale").asDouble();
          return graph.attention(
              new Attention(heads, heads, scale, true, 0, "bias", plain ? position : null),
              GraphRun.rows(graph, "q", queries),
              GraphRun.rows(graph, "k", keys),
              GraphRun.rows(graph, "v", keys));
        });
    assertJoined(result.y(), golden.path("out"), heads, queries, width);
    assertJoined(result.gradient("q"), golden.path("dq"), heads, queries, width);
    assertJoined(result.gradient("k"), golden.path("dk"), heads, keys, width);
    assertJoined(result.gradient("v"), golden.path("dv"), heads, keys, width);
  }

  private static void assertJoined(
      float[] found, JsonNode expected, int heads, int rows, int width) {
    assertThat(found).containsExactly(joined(expected, heads, rows, width), within(1e-5f));
  }

  @Test
  void shouldLeaveOutAndScaleUp() {
    int width = 10_000;
    float[] ones = new float[width];
    Arrays.fill(ones, 1);
    Result result = new GraphRun()
        .with("x", ones, 1, width)
        .run(SETTINGS, ones, graph -> graph.dropout(GraphRun.rows(graph, "x", 1), 0.25));
    assertThat(result.gradient("x")).containsExactly(result.y());
    int kept = 0;
    for (float y : result.y()) {
      assertThat(y == 0 || Math.abs(y - 1 / 0.75f) < 1e-6f).as("%s", y).isTrue();
      kept += y > 0 ? 1 : 0;
    }
    assertThat(kept / (double) width).isCloseTo(0.75, within(0.03));
  }
}
