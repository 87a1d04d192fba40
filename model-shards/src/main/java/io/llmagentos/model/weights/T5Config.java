package io.llmagentos.model.weights;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * T5 (Raffel et al. 2020), v1.0 and v1.1: an encoder and a decoder, RMSNorm, relative positions, no biases.
 *
 * @param isGatedAct whether the feed-forward layer is gated, as v1.1's
 */
public record T5Config(
    int vocabSize,
    int dModel,
    int dKv,
    int dFf,
    int numLayers,
    int numDecoderLayers,
    int numHeads,
    int relativeAttentionNumBuckets,
    int relativeAttentionMaxDistance,
    float layerNormEpsilon,
    boolean isGatedAct,
    Activation denseActFn,
    boolean tieWordEmbeddings,
    Dropout dropout,
    double initializerFactor,
    int padTokenId,
    int eosTokenId,
    int decoderStartTokenId)
    implements TransformerConfig {
  private static final String GATED = "gated-";

  static T5Config from(ConfigFile config) {
    String projection = config.has("feed_forward_proj") ? config.text("feed_forward_proj") : "relu";
    boolean gated = projection.startsWith(GATED);
    // Hugging Face's exception: "gated-gelu" is the tanh form.
    Activation activation = projection.equals("gated-gelu")
        ? Activation.GELU_NEW
        : Activation.named(
            config, "feed_forward_proj", gated ? projection.substring(GATED.length()) : projection);
    double dropout = config.probability("dropout_rate", 0.1);
    int layers = config.positive("num_layers", 6);
    int pad = config.has("pad_token_id") ? config.token("pad_token_id") : 0;
    return new T5Config(
        config.positive("vocab_size", 32128),
        config.positive("d_model", 512),
        config.positive("d_kv", 64),
        config.positive("d_ff", 2048),
        layers,
        config.positive("num_decoder_layers", layers),
        config.positive("num_heads", 8),
        config.positive("relative_attention_num_buckets", 32),
        config.positive("relative_attention_max_distance", 128),
        (float) config.positiveNumber("layer_norm_epsilon", 1e-6),
        gated,
        activation,
        config.flag("tie_word_embeddings", true),
        new Dropout(dropout, dropout, dropout, dropout),
        config.positiveNumber("initializer_factor", 1),
        pad,
        config.has("eos_token_id") ? config.token("eos_token_id") : 1,
        config.has("decoder_start_token_id") ? config.token("decoder_start_token_id") : pad);
  }

  @Override
  public String modelType() {
    return "t5";
  }

  /** Relative positions have no limit. */
  @Override
  public int contextLength() {
    return Integer.MAX_VALUE;
  }

  /** Which row of the table a key is to a query: near ones have their own, far ones share by the logarithm of the distance. */
  public int bucket(int key, int query, boolean bidirectional) {
    int relative = key - query;
    int buckets = relativeAttentionNumBuckets;
    int first = 0;
    if (bidirectional) {
      buckets /= 2;
      first = relative > 0 ? buckets : 0;
      relative = Math.abs(relative);
    } else {
      relative = -Math.min(relative, 0);
    }
    int exact = buckets / 2;
    if (relative < exact) {
      return first + relative;
    }
    // In float32, as Hugging Face rounds.
    float share = (float) Math.log((float) relative / exact)
        / (float) Math.log((double) relativeAttentionMaxDistance / exact);
    int far = exact + (int) (share * (buckets - exact));
    return first + Math.min(far, buckets - 1);
  }

  @Override
  public List<Parameter> parameters() {
    var all = new ArrayList<Parameter>();
    all.add(Parameter.normal("shared.weight", initializerFactor, vocabSize, dModel));
    stack(all, "encoder.", numLayers, false);
    stack(all, "decoder.", numDecoderLayers, true);
    if (!tieWordEmbeddings) {
      all.add(Parameter.normal("lm_head.weight", initializerFactor, vocabSize, dModel));
    }
    return all;
  }

  private void stack(List<Parameter> all, String stack, int layers, boolean decoder) {
    for (int i = 0; i < layers; i++) {
      String block = stack + "block." + i + ".layer.";
      attention(all, block + "0.SelfAttention.");
      if (i == 0) {
        all.add(Parameter.normal(
            block + "0.SelfAttention.relative_attention_bias.weight",
            initializerFactor / Math.sqrt(dModel),
            relativeAttentionNumBuckets,
            numHeads));
      }
      norm(all, block + "0.layer_norm");
      if (decoder) {
        attention(all, block + "1.EncDecAttention.");
        norm(all, block + "1.layer_norm");
      }
      String last = block + (decoder ? 2 : 1) + ".";
      double into = initializerFactor / Math.sqrt(dModel);
      for (String name : isGatedAct ? List.of("wi_0", "wi_1") : List.of("wi")) {
        all.add(Parameter.normal(last + "DenseReluDense." + name + ".weight", into, dFf, dModel));
      }
      double outOf = initializerFactor / Math.sqrt(dFf);
      all.add(Parameter.normal(last + "DenseReluDense.wo.weight", outOf, dModel, dFf));
      norm(all, last + "layer_norm");
    }
    norm(all, stack + "final_layer_norm");
  }

  private void attention(List<Parameter> all, String name) {
    long inner = (long) numHeads * dKv;
    double into = initializerFactor / Math.sqrt(dModel);
    all.add(Parameter.normal(name + "q.weight", into / Math.sqrt(dKv), inner, dModel));
    all.add(Parameter.normal(name + "k.weight", into, inner, dModel));
    all.add(Parameter.normal(name + "v.weight", into, inner, dModel));
    all.add(Parameter.normal(
        name + "o.weight", initializerFactor / Math.sqrt((double) inner), dModel, inner));
  }

  private void norm(List<Parameter> all, String name) {
    all.add(Parameter.constant(name + ".weight", initializerFactor, dModel));
  }

  @Override
  public ObjectNode toJson() {
    String activation =
        denseActFn == Activation.GELU_NEW && isGatedAct ? "gelu" : denseActFn.configName();
    return ConfigFile.object("T5ForConditionalGeneration", modelType())
        .put("vocab_size", vocabSize)
        .put("d_model", dModel)
        .put("d_kv", dKv)
        .put("d_ff", dFf)
        .put("num_layers", numLayers)
        .put("num_decoder_layers", numDecoderLayers)
        .put("num_heads", numHeads)
        .put("relative_attention_num_buckets", relativeAttentionNumBuckets)
        .put("relative_attention_max_distance", relativeAttentionMaxDistance)
        .put("layer_norm_epsilon", ConfigFile.exact(layerNormEpsilon))
        .put("feed_forward_proj", isGatedAct ? GATED + activation : activation)
        .put("tie_word_embeddings", tieWordEmbeddings)
        .put("dropout_rate", dropout.residual())
        .put("initializer_factor", initializerFactor)
        .put("is_encoder_decoder", true)
        .put("pad_token_id", padTokenId)
        .put("eos_token_id", eosTokenId)
        .put("decoder_start_token_id", decoderStartTokenId);
  }
}
