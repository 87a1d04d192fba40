package io.llmagentos.model;

import static io.llmagentos.model.ReferenceBlocks.activate;
import static io.llmagentos.model.ReferenceBlocks.add;
import static io.llmagentos.model.ReferenceBlocks.columns;
import static io.llmagentos.model.ReferenceBlocks.feedForward;
import static io.llmagentos.model.ReferenceBlocks.map;

import io.llmagentos.model.ReferenceBlocks.Bias;
import io.llmagentos.model.ReferenceBlocks.Mask;
import io.llmagentos.model.ReferenceBlocks.MultiHead;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.Checkpoint;
import io.llmagentos.model.weights.Gpt2Config;
import io.llmagentos.model.weights.LlamaConfig;
import io.llmagentos.model.weights.Parameter;
import io.llmagentos.model.weights.T5Config;
import io.llmagentos.model.weights.TransformerConfig;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All families in double and in plain loops, one sequence at a time; the oracle of the engines that are fast. */
public final class ReferenceTransformer {
  private static final Bias NONE = (head, query, key) -> 0;

  private final TransformerConfig config;
  private final ReferenceBlocks blocks;

  /** @param weights by the names of {@link TransformerConfig#parameters} */
  public ReferenceTransformer(TransformerConfig config, Map<String, double[]> weights) {
    this.config = config;
    this.blocks = new ReferenceBlocks(weights);
  }

  public static ReferenceTransformer of(Checkpoint checkpoint) {
    Map<String, double[]> weights = new HashMap<>();
    for (Parameter parameter : checkpoint.config().parameters()) {
      String name = parameter.name();
      String stored = checkpoint.has(name) ? name : name.replace("transformer.", "");
      weights.put(name, doubles(checkpoint.tensor(stored, parameter.shape()).toFloats()));
    }
    return new ReferenceTransformer(checkpoint.config(), weights);
  }

  public static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  /**
   * One sequence.
   *
   * @param real whether each is no padding
   * @param types of tokens, for BERT
   * @param decoderIds for T5
   */
  public record Sequence(
      int[] ids, boolean[] real, int[] positions, int[] types, int[] decoderIds) {

    public static Sequence of(int[] ids) {
      boolean[] real = new boolean[ids.length];
      Arrays.fill(real, true);
      int[] positions = new int[ids.length];
      Arrays.setAll(positions, t -> t);
      return new Sequence(ids, real, positions, new int[ids.length], new int[0]);
    }
  }

  /** A row for each token (of the decoder, for T5); one row for a classifier. */
  public double[][] logits(Sequence s) {
    return switch (config) {
      case Gpt2Config c -> gpt2(c, s);
      case LlamaConfig c -> llama(c, s);
      case BertConfig c -> bert(c, s);
      case T5Config c -> t5(c, s);
    };
  }

  private double[][] gpt2(Gpt2Config c, Sequence s) {
    int width = c.nEmbd();
    double[][] x = add(
        blocks.embedding("transformer.wte.weight", s.ids, width),
        blocks.embedding("transformer.wpe.weight", s.positions, width));
    for (int i = 0; i < c.nLayer(); i++) {
      String layer = "transformer.h." + i + ".";
      double scale = c.scaleAttnWeights() ? 1 / Math.sqrt(c.headDim()) : 1;
      scale = c.scaleAttnByInverseLayerIdx() ? scale / (i + 1) : scale;
      double[][] h = blocks.layerNorm(x, layer + "ln_1", c.layerNormEpsilon());
      double[][] qkv = blocks.convolution(layer + "attn.c_attn").apply(h);
      double[][] a = new MultiHead(c.nHead(), c.nHead(), scale, causal(s), NONE)
          .attend(
              columns(qkv, 0, width), columns(qkv, width, width), columns(qkv, 2 * width, width));
      x = add(x, blocks.convolution(layer + "attn.c_proj").apply(a));
      h = blocks.layerNorm(x, layer + "ln_2", c.layerNormEpsilon());
      x = add(
          x,
          feedForward(
              h,
              blocks.convolution(layer + "mlp.c_fc"),
              c.activationFunction(),
              null,
              blocks.convolution(layer + "mlp.c_proj")));
    }
    x = blocks.layerNorm(x, "transformer.ln_f", c.layerNormEpsilon());
    return blocks
        .linear(c.tieWordEmbeddings() ? "transformer.wte" : "lm_head", false)
        .apply(x);
  }

  private double[][] llama(LlamaConfig c, Sequence s) {
    double[][] x = blocks.embedding("model.embed_tokens.weight", s.ids, c.hiddenSize());
    boolean biased = c.queryKeyValueBias();
    for (int i = 0; i < c.numHiddenLayers(); i++) {
      String layer = "model.layers." + i + ".";
      String attention = layer + "self_attn.";
      double[][] h = blocks.rmsNorm(x, layer + "input_layernorm.weight", c.rmsNormEps());
      double[][] q = blocks.linear(attention + "q_proj", biased).apply(h);
      double[][] k = blocks.linear(attention + "k_proj", biased).apply(h);
      double[][] v = blocks.linear(attention + "v_proj", biased).apply(h);
      rotate(c, q, s.positions);
      rotate(c, k, s.positions);
      double scale = 1 / Math.sqrt(c.headDim());
      double[][] a = new MultiHead(
              c.numAttentionHeads(), c.numKeyValueHeads(), scale, causal(s), NONE)
          .attend(q, k, v);
      x = add(x, blocks.linear(attention + "o_proj", c.outputBias()).apply(a));
      h = blocks.rmsNorm(x, layer + "post_attention_layernorm.weight", c.rmsNormEps());
      x = add(
          x,
          feedForward(
              h,
              blocks.linear(layer + "mlp.gate_proj", c.mlpBias()),
              c.hiddenAct(),
              blocks.linear(layer + "mlp.up_proj", c.mlpBias()),
              blocks.linear(layer + "mlp.down_proj", c.mlpBias())));
    }
    x = blocks.rmsNorm(x, "model.norm.weight", c.rmsNormEps());
    return blocks
        .linear(c.tieWordEmbeddings() ? "model.embed_tokens" : "lm_head", false)
        .apply(x);
  }

  private double[][] bert(BertConfig c, Sequence s) {
    int width = c.hiddenSize();
    int heads = c.numAttentionHeads();
    String embeddings = "bert.embeddings.";
    double[][] x = add(
        add(
            blocks.embedding(embeddings + "word_embeddings.weight", s.ids, width),
            blocks.embedding(embeddings + "token_type_embeddings.weight", s.types, width)),
        blocks.embedding(embeddings + "position_embeddings.weight", s.positions, width));
    x = blocks.layerNorm(x, embeddings + "LayerNorm", c.layerNormEps());
    for (int i = 0; i < c.numHiddenLayers(); i++) {
      String layer = "bert.encoder.layer." + i + ".";
      String attention = layer + "attention.";
      double[][] a = new MultiHead(heads, heads, 1 / Math.sqrt(c.headDim()), keys(s), NONE)
          .attend(
              blocks.linear(attention + "self.query", true).apply(x),
              blocks.linear(attention + "self.key", true).apply(x),
              blocks.linear(attention + "self.value", true).apply(x));
      x = add(x, blocks.linear(attention + "output.dense", true).apply(a));
      x = blocks.layerNorm(x, attention + "output.LayerNorm", c.layerNormEps());
      x = add(
          x,
          feedForward(
              x,
              blocks.linear(layer + "intermediate.dense", true),
              c.hiddenAct(),
              null,
              blocks.linear(layer + "output.dense", true)));
      x = blocks.layerNorm(x, layer + "output.LayerNorm", c.layerNormEps());
    }
    if (c.isClassifier()) {
      double[][] pooled = blocks.linear("bert.pooler.dense", true).apply(new double[][] {x[0]});
      return blocks.linear("classifier", true).apply(map(pooled, Math::tanh));
    }
    String transform = "cls.predictions.transform.";
    x = activate(c.hiddenAct(), blocks.linear(transform + "dense", true).apply(x));
    x = blocks.layerNorm(x, transform + "LayerNorm", c.layerNormEps());
    String output =
        c.tieWordEmbeddings() ? embeddings + "word_embeddings" : "cls.predictions.decoder";
    double[] bias = blocks.weight("cls.predictions.bias");
    double[][] logits = blocks.linear(output, false).apply(x);
    for (double[] row : logits) {
      Arrays.setAll(row, v -> row[v] + bias[v]);
    }
    return logits;
  }

  private double[][] t5(T5Config c, Sequence s) {
    double[][] encoded = stack(c, "encoder.", c.numLayers(), s.ids, keys(s), null, keys(s));
    double[][] x = stack(
        c, "decoder.", c.numDecoderLayers(), s.decoderIds, (t, k) -> k <= t, encoded, keys(s));
    if (c.tieWordEmbeddings()) {
      x = map(x, v -> v / Math.sqrt(c.dModel()));
    }
    return blocks.linear(c.tieWordEmbeddings() ? "shared" : "lm_head", false).apply(x);
  }

  private double[][] stack(
      T5Config c,
      String stack,
      int layers,
      int[] ids,
      Mask mask,
      double @Nullable [][] encoded,
      Mask cross) {
    double[] table =
        blocks.weight(stack + "block.0.layer.0.SelfAttention.relative_attention_bias.weight");
    Bias bias = (head, t, k) -> table[c.bucket(k, t, encoded == null) * c.numHeads() + head];
    double[][] x = blocks.embedding("shared.weight", ids, c.dModel());
    for (int i = 0; i < layers; i++) {
      String layer = stack + "block." + i + ".layer.";
      double[][] h = blocks.rmsNorm(x, layer + "0.layer_norm.weight", c.layerNormEpsilon());
      x = add(x, attend(c, layer + "0.SelfAttention.", h, h, mask, bias));
      if (encoded != null) {
        h = blocks.rmsNorm(x, layer + "1.layer_norm.weight", c.layerNormEpsilon());
        x = add(x, attend(c, layer + "1.EncDecAttention.", h, encoded, cross, NONE));
      }
      String last = layer + (encoded == null ? 1 : 2) + ".";
      String dense = last + "DenseReluDense.";
      h = blocks.rmsNorm(x, last + "layer_norm.weight", c.layerNormEpsilon());
      x = add(
          x,
          feedForward(
              h,
              blocks.linear(dense + (c.isGatedAct() ? "wi_0" : "wi"), false),
              c.denseActFn(),
              c.isGatedAct() ? blocks.linear(dense + "wi_1", false) : null,
              blocks.linear(dense + "wo", false)));
    }
    return blocks.rmsNorm(x, stack + "final_layer_norm.weight", c.layerNormEpsilon());
  }

  private double[][] attend(
      T5Config c, String name, double[][] queries, double[][] keys, Mask mask, Bias bias) {
    double[][] a = new MultiHead(c.numHeads(), c.numHeads(), 1, mask, bias)
        .attend(
            blocks.linear(name + "q", false).apply(queries),
            blocks.linear(name + "k", false).apply(keys),
            blocks.linear(name + "v", false).apply(keys));
    return blocks.linear(name + "o", false).apply(a);
  }

  private static Mask causal(Sequence s) {
    return (query, key) -> key <= query && s.real[key];
  }

  private static Mask keys(Sequence s) {
    return (query, key) -> s.real[key];
  }

  private static void rotate(LlamaConfig c, double[][] x, int[] positions) {
    int half = c.headDim() / 2;
    for (int t = 0; t < x.length; t++) {
      for (int head = 0; head < x[t].length / c.headDim(); head++) {
        for (int i = 0; i < half; i++) {
          double angle = positions[t] * frequency(c, i);
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
}
