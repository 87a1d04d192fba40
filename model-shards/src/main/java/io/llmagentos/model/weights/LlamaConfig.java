package io.llmagentos.model.weights;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Llama and its near relatives: RMSNorm, rotary positions in halves, grouped keys and values, SwiGLU. Qwen2 differs by its biases on q, k and v.
 *
 * @param queryKeyValueBias whether q, k and v projections have biases
 * @param outputBias whether the attention's output projection has one
 * @param padTokenId the token whose embedding stays as it is, or -1
 */
public record LlamaConfig(
    String modelType,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int numKeyValueHeads,
    int headDim,
    int maxPositionEmbeddings,
    float rmsNormEps,
    double ropeTheta,
    @Nullable RopeScaling ropeScaling,
    boolean queryKeyValueBias,
    boolean outputBias,
    boolean mlpBias,
    boolean tieWordEmbeddings,
    Activation hiddenAct,
    Dropout dropout,
    double initializerRange,
    int padTokenId)
    implements ModelConfig {

  /** How the rotary frequencies are stretched for longer contexts, by its {@code rope_type}. */
  public sealed interface RopeScaling {
    float scaled(float frequency);

    void write(ObjectNode json);
  }

  /** All by the same factor. */
  public record Linear(double factor) implements RopeScaling {
    @Override
    public float scaled(float frequency) {
      return (float) (frequency / factor);
    }

    @Override
    public void write(ObjectNode json) {
      json.put("rope_type", "linear").put("factor", factor);
    }
  }

  /** Llama 3.1's: long waves by the factor, short ones not. */
  public record Llama3(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings)
      implements RopeScaling {
    /** Long waves are stretched by the factor, short ones kept, those between mixed. */
    @Override
    public float scaled(float frequency) {
      double turns = originalMaxPositionEmbeddings * frequency / (2 * Math.PI);
      double kept = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
      kept = Math.clamp(kept, 0, 1);
      return (float) ((1 - kept) * frequency / factor + kept * frequency);
    }

    @Override
    public void write(ObjectNode json) {
      json.put("rope_type", "llama3")
          .put("factor", factor)
          .put("low_freq_factor", lowFreqFactor)
          .put("high_freq_factor", highFreqFactor)
          .put("original_max_position_embeddings", originalMaxPositionEmbeddings);
    }
  }

  static LlamaConfig from(ConfigFile config, String modelType) {
    boolean qwen = modelType.equals("qwen2");
    int width = config.positive("hidden_size");
    int heads = config.positive("num_attention_heads");
    int keyValueHeads = config.positive("num_key_value_heads", heads);
    config.requireDivides("num_key_value_heads", keyValueHeads, "num_attention_heads", heads);
    if (!config.has("head_dim")) {
      config.requireDivides("num_attention_heads", heads, "hidden_size", width);
    }
    int headDim = config.positive("head_dim", Math.max(1, width / heads));
    config.requireDivides("2 for rotary positions,", 2, "head_dim", headDim);
    if (config.flag("use_sliding_window", false)) {
      throw config.unsupported("use_sliding_window", true, "false");
    }
    if (config.positiveNumber("partial_rotary_factor", 1) != 1) {
      throw config.unsupported(
          "partial_rotary_factor", config.positiveNumber("partial_rotary_factor"), "1");
    }
    ConfigFile rope = config.has("rope_parameters") ? config.object("rope_parameters") : config;
    boolean bias = config.flag("attention_bias", qwen);
    return new LlamaConfig(
        modelType,
        config.positive("vocab_size"),
        width,
        config.positive("intermediate_size"),
        config.positive("num_hidden_layers"),
        heads,
        keyValueHeads,
        headDim,
        config.positive("max_position_embeddings"),
        (float) config.positiveNumber("rms_norm_eps", 1e-6),
        rope.positiveNumber("rope_theta", 10000),
        ropeScaling(config, rope),
        bias || qwen,
        bias && !qwen,
        config.flag("mlp_bias", false),
        config.flag("tie_word_embeddings", false),
        Activation.read(config, "hidden_act", Activation.SILU),
        // Those of GPT-2, which Hugging Face's model of Llama does not read.
        new Dropout(
            config.probability("embd_pdrop", 0),
            config.probability("resid_pdrop", 0),
            config.probability("attention_dropout", 0),
            0),
        config.positiveNumber("initializer_range", 0.02),
        config.token("pad_token_id"));
  }

  @Override
  public List<Parameter> parameters() {
    int width = hiddenSize;
    long queries = (long) numAttentionHeads * headDim;
    long keys = (long) numKeyValueHeads * headDim;
    var all = new ArrayList<Parameter>();
    all.add(Parameter.normal("model.embed_tokens.weight", initializerRange, vocabSize, width)
        .withZeroRow(padTokenId));
    for (int i = 0; i < numHiddenLayers; i++) {
      String layer = "model.layers." + i + ".";
      linear(all, layer + "self_attn.q_proj", queryKeyValueBias, queries, width);
      linear(all, layer + "self_attn.k_proj", queryKeyValueBias, keys, width);
      linear(all, layer + "self_attn.v_proj", queryKeyValueBias, keys, width);
      linear(all, layer + "self_attn.o_proj", outputBias, width, queries);
      linear(all, layer + "mlp.gate_proj", mlpBias, intermediateSize, width);
      linear(all, layer + "mlp.up_proj", mlpBias, intermediateSize, width);
      linear(all, layer + "mlp.down_proj", mlpBias, width, intermediateSize);
      all.add(Parameter.constant(layer + "input_layernorm.weight", 1, width));
      all.add(Parameter.constant(layer + "post_attention_layernorm.weight", 1, width));
    }
    all.add(Parameter.constant("model.norm.weight", 1, width));
    if (!tieWordEmbeddings) {
      all.add(Parameter.normal("lm_head.weight", initializerRange, vocabSize, width));
    }
    return all;
  }

  private void linear(List<Parameter> all, String name, boolean biased, long outputs, long inputs) {
    all.add(Parameter.normal(name + ".weight", initializerRange, outputs, inputs));
    if (biased) {
      all.add(Parameter.constant(name + ".bias", 0, outputs));
    }
  }

  /** Radians per position of each of the {@code headDim / 2} pairs, scaled. */
  public float[] rotaryFrequencies() {
    float[] frequencies = new float[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = 2f * i / headDim;
      float frequency = 1 / (float) Math.pow(ropeTheta, exponent);
      frequencies[i] = ropeScaling == null ? frequency : ropeScaling.scaled(frequency);
    }
    return frequencies;
  }

  @Override
  public ObjectNode toJson() {
    boolean qwen = modelType.equals("qwen2");
    ObjectNode json = ConfigFile.object(qwen ? "Qwen2ForCausalLM" : "LlamaForCausalLM", modelType);
    json.put("vocab_size", vocabSize)
        .put("hidden_size", hiddenSize)
        .put("intermediate_size", intermediateSize)
        .put("num_hidden_layers", numHiddenLayers)
        .put("num_attention_heads", numAttentionHeads)
        .put("num_key_value_heads", numKeyValueHeads)
        .put("hidden_act", hiddenAct.configName())
        .put("max_position_embeddings", maxPositionEmbeddings)
        .put("rms_norm_eps", ConfigFile.exact(rmsNormEps))
        .put("rope_theta", ropeTheta)
        .put("tie_word_embeddings", tieWordEmbeddings)
        .put("attention_dropout", dropout.attention())
        .put("initializer_range", initializerRange);
    if (dropout.embedding() > 0) {
      json.put("embd_pdrop", dropout.embedding());
    }
    if (dropout.residual() > 0) {
      json.put("resid_pdrop", dropout.residual());
    }
    if (headDim * numAttentionHeads != hiddenSize) {
      json.put("head_dim", headDim);
    }
    if (!qwen) {
      json.put("attention_bias", queryKeyValueBias).put("mlp_bias", mlpBias);
    }
    if (padTokenId >= 0) {
      json.put("pad_token_id", padTokenId);
    }
    if (ropeScaling == null) {
      json.putNull("rope_scaling");
    } else {
      ropeScaling.write(json.putObject("rope_scaling"));
    }
    return json;
  }

  private static @Nullable RopeScaling ropeScaling(ConfigFile config, ConfigFile rope) {
    if (!config.has("rope_scaling") && !config.has("rope_parameters")) {
      return null;
    }
    ConfigFile scaling = config.has("rope_scaling") ? config.object("rope_scaling") : rope;
    String key = scaling.has("rope_type") || !scaling.has("type") ? "rope_type" : "type";
    return switch (scaling.text(key)) {
      case "default" -> null;
      case "linear" -> new Linear(scaling.positiveNumber("factor"));
      case "llama3" ->
        new Llama3(
            scaling.positiveNumber("factor"),
            scaling.positiveNumber("low_freq_factor"),
            scaling.positiveNumber("high_freq_factor"),
            scaling.positive("original_max_position_embeddings"));
      default ->
        throw config.unsupported("rope_type", scaling.text(key), "default, linear, llama3");
    };
  }

  @Override
  public int contextLength() {
    return maxPositionEmbeddings;
  }
}
