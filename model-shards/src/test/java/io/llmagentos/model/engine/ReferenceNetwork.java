package io.llmagentos.model.engine;

import io.llmagentos.model.weights.Activation;
import io.llmagentos.model.weights.Checkpoint;
import io.llmagentos.model.weights.Gpt2Config;
import io.llmagentos.model.weights.LlamaConfig;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Both families in double and in plain loops, from the formulas; no cache, no batch. Rows are positions. */
final class ReferenceNetwork {
  private final Checkpoint checkpoint;

  private ReferenceNetwork(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  /** The logits behind the last token. */
  static double[] logits(Checkpoint checkpoint, int[] tokens) {
    ReferenceNetwork network = new ReferenceNetwork(checkpoint);
    return switch (checkpoint.config()) {
      case LlamaConfig llama -> network.llama(llama, tokens);
      case Gpt2Config gpt2 -> network.gpt2(gpt2, tokens);
    };
  }

  private double[] llama(LlamaConfig c, int[] tokens) {
    int width = c.hiddenSize();
    int queries = c.numAttentionHeads() * c.headDim();
    int keys = c.numKeyValueHeads() * c.headDim();
    double[][] x = rows(weights("model.embed_tokens.weight", c.vocabSize(), width), width, tokens);
    for (int i = 0; i < c.numHiddenLayers(); i++) {
      String layer = "model.layers." + i + ".";
      String attention = layer + "self_attn.";
      double[][] h = rms(x, weights(layer + "input_layernorm.weight", width), c.rmsNormEps());
      double[][] q = linear(h, attention + "q_proj", queries, width, c.queryKeyValueBias());
      double[][] k = linear(h, attention + "k_proj", keys, width, c.queryKeyValueBias());
      double[][] v = linear(h, attention + "v_proj", keys, width, c.queryKeyValueBias());
      rotate(c, q);
      rotate(c, k);
      double[][] a = attend(q, k, v, c.headDim(), 1 / Math.sqrt(c.headDim()));
      add(x, linear(a, attention + "o_proj", width, queries, c.outputBias()));
      h = rms(x, weights(layer + "post_attention_layernorm.weight", width), c.rmsNormEps());
      double[][] gate =
          linear(h, layer + "mlp.gate_proj", c.intermediateSize(), width, c.mlpBias());
      double[][] up = linear(h, layer + "mlp.up_proj", c.intermediateSize(), width, c.mlpBias());
      for (int t = 0; t < gate.length; t++) {
        for (int j = 0; j < gate[t].length; j++) {
          gate[t][j] = activate(c.hiddenAct(), gate[t][j]) * up[t][j];
        }
      }
      add(x, linear(gate, layer + "mlp.down_proj", width, c.intermediateSize(), c.mlpBias()));
    }
    x = rms(x, weights("model.norm.weight", width), c.rmsNormEps());
    String output = c.tieWordEmbeddings() ? "model.embed_tokens" : "lm_head";
    return linear(x, output, c.vocabSize(), width, false)[tokens.length - 1];
  }

  private double[] gpt2(Gpt2Config c, int[] tokens) {
    int width = c.nEmbd();
    double[][] x = rows(weights("wte.weight", c.vocabSize(), width), width, tokens);
    int[] positions = new int[tokens.length];
    Arrays.setAll(positions, t -> t);
    add(x, rows(weights("wpe.weight", c.nPositions(), width), width, positions));
    for (int i = 0; i < c.nLayer(); i++) {
      String layer = "h." + i + ".";
      double[][] h = layerNorm(x, layer + "ln_1", c.layerNormEpsilon());
      double[][] qkv = conv(h, layer + "attn.c_attn", width, 3 * width);
      double scale = c.scaleAttnWeights() ? 1 / Math.sqrt(c.headDim()) : 1;
      scale = c.scaleAttnByInverseLayerIdx() ? scale / (i + 1) : scale;
      double[][] a = attend(
          columns(qkv, 0, width),
          columns(qkv, width, width),
          columns(qkv, 2 * width, width),
          c.headDim(),
          scale);
      add(x, conv(a, layer + "attn.c_proj", width, width));
      h = conv(
          layerNorm(x, layer + "ln_2", c.layerNormEpsilon()),
          layer + "mlp.c_fc",
          width,
          c.nInner());
      for (double[] row : h) {
        Arrays.setAll(row, j -> activate(c.activationFunction(), row[j]));
      }
      add(x, conv(h, layer + "mlp.c_proj", c.nInner(), width));
    }
    x = layerNorm(x, "ln_f", c.layerNormEpsilon());
    String output = c.tieWordEmbeddings() ? "wte" : "lm_head";
    return linear(x, output, c.vocabSize(), width, false)[tokens.length - 1];
  }

  private float[] weights(String name, long... shape) {
    return checkpoint.tensor(name, shape).toFloats();
  }

  private static double[][] rows(float[] table, int width, int[] which) {
    double[][] rows = new double[which.length][width];
    for (int t = 0; t < which.length; t++) {
      for (int j = 0; j < width; j++) {
        rows[t][j] = table[which[t] * width + j];
      }
    }
    return rows;
  }

  private static double[][] columns(double[][] x, int from, int count) {
    return Arrays.stream(x)
        .map(row -> Arrays.copyOfRange(row, from, from + count))
        .toArray(double[][]::new);
  }

  private static void add(double[][] x, double[][] y) {
    for (int t = 0; t < x.length; t++) {
      for (int j = 0; j < x[t].length; j++) {
        x[t][j] += y[t][j];
      }
    }
  }

  /** Weights [out][in]. */
  private double[][] linear(double[][] x, String name, int outputs, int inputs, boolean biased) {
    float[] w = weights(name + ".weight", outputs, inputs);
    return product(
        x, outputs, biased ? weights(name + ".bias", outputs) : null, (k, n) -> w[n * inputs + k]);
  }

  /** Weights [in][out]. */
  private double[][] conv(double[][] x, String name, int inputs, int outputs) {
    float[] w = weights(name + ".weight", inputs, outputs);
    return product(x, outputs, weights(name + ".bias", outputs), (k, n) -> w[k * outputs + n]);
  }

  private interface Weight {
    float at(int input, int output);
  }

  private static double[][] product(
      double[][] x, int outputs, float @Nullable [] bias, Weight weight) {
    double[][] y = new double[x.length][outputs];
    for (int t = 0; t < x.length; t++) {
      for (int n = 0; n < outputs; n++) {
        double sum = bias == null ? 0 : bias[n];
        for (int k = 0; k < x[t].length; k++) {
          sum += x[t][k] * weight.at(k, n);
        }
        y[t][n] = sum;
      }
    }
    return y;
  }

  private static double[][] rms(double[][] x, float[] weight, float epsilon) {
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] row = x[t];
      double scale = 1 / Math.sqrt(Arrays.stream(row).map(v -> v * v).sum() / row.length + epsilon);
      y[t] = new double[row.length];
      Arrays.setAll(y[t], j -> row[j] * scale * weight[j]);
    }
    return y;
  }

  private double[][] layerNorm(double[][] x, String name, float epsilon) {
    float[] weight = weights(name + ".weight", x[0].length);
    float[] bias = weights(name + ".bias", x[0].length);
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] row = x[t];
      double mean = Arrays.stream(row).average().orElseThrow();
      double variance = Arrays.stream(row).map(v -> (v - mean) * (v - mean)).sum() / row.length;
      y[t] = new double[row.length];
      Arrays.setAll(
          y[t], j -> (row[j] - mean) / Math.sqrt(variance + epsilon) * weight[j] + bias[j]);
    }
    return y;
  }

  private static void rotate(LlamaConfig c, double[][] x) {
    int half = c.headDim() / 2;
    for (int t = 0; t < x.length; t++) {
      for (int head = 0; head < x[t].length / c.headDim(); head++) {
        for (int i = 0; i < half; i++) {
          double angle = t * frequency(c, i);
          int at = head * c.headDim() + i;
          double a = x[t][at];
          double b = x[t][at + half];
          x[t][at] = a * Math.cos(angle) - b * Math.sin(angle);
          x[t][at + half] = b * Math.cos(angle) + a * Math.sin(angle);
        }
      }
    }
  }

  /** As transformers' modeling_rope_utils computes it: by wave length. */
  private static double frequency(LlamaConfig c, int i) {
    double frequency = Math.pow(c.ropeTheta(), -2.0 * i / c.headDim());
    if (c.ropeScaling() instanceof LlamaConfig.Linear linear) {
      return frequency / linear.factor();
    }
    if (c.ropeScaling() instanceof LlamaConfig.Llama3 s) {
      double context = s.originalMaxPositionEmbeddings();
      double wave = 2 * Math.PI / frequency;
      if (wave < context / s.highFreqFactor()) {
        return frequency;
      }
      if (wave > context / s.lowFreqFactor()) {
        return frequency / s.factor();
      }
      double smooth =
          (context / wave - s.lowFreqFactor()) / (s.highFreqFactor() - s.lowFreqFactor());
      return (1 - smooth) * frequency / s.factor() + smooth * frequency;
    }
    return frequency;
  }

  private static double[][] attend(
      double[][] q, double[][] k, double[][] v, int headDim, double scale) {
    int heads = q[0].length / headDim;
    int shared = heads / (k[0].length / headDim);
    double[][] out = new double[q.length][q[0].length];
    for (int t = 0; t < q.length; t++) {
      for (int head = 0; head < heads; head++) {
        int at = head * headDim;
        int cached = head / shared * headDim;
        double[] p = new double[t + 1];
        for (int s = 0; s <= t; s++) {
          for (int d = 0; d < headDim; d++) {
            p[s] += q[t][at + d] * k[s][cached + d] * scale;
          }
        }
        double max = Arrays.stream(p).max().orElseThrow();
        Arrays.setAll(p, s -> Math.exp(p[s] - max));
        double sum = Arrays.stream(p).sum();
        for (int s = 0; s <= t; s++) {
          for (int d = 0; d < headDim; d++) {
            out[t][at + d] += p[s] / sum * v[s][cached + d];
          }
        }
      }
    }
    return out;
  }

  static double activate(Activation f, double x) {
    return switch (f) {
      case RELU -> Math.max(x, 0);
      case SILU -> x / (1 + Math.exp(-x));
      case QUICK_GELU -> x / (1 + Math.exp(-1.702 * x));
      case GELU_NEW ->
        0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case GELU -> 0.5 * x * (1 + erf(x / Math.sqrt(2)));
    };
  }

  /** 2/sqrt(pi) exp(-x^2) times the sum of 2^n x^(2n+1) / (2n+1)!!, whose terms have one sign. */
  private static double erf(double x) {
    if (Math.abs(x) > 6) {
      return Math.signum(x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; n < 300; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }
}
