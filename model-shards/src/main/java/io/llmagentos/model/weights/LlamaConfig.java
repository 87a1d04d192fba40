package io.llmagentos.model.weights;

import org.jspecify.annotations.Nullable;

/**
 * Llama and its near relatives: RMSNorm, rotary positions in halves, grouped keys and values, SwiGLU. Qwen2 differs by its biases on q, k and v.
 *
 * @param queryKeyValueBias whether q, k and v projections have biases
 * @param outputBias whether the attention's output projection has one
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
    Activation hiddenAct)
    implements ModelConfig {

  /** How the rotary frequencies are stretched for longer contexts, by its {@code rope_type}. */
  public sealed interface RopeScaling {}

  /** All by the same factor. */
  public record Linear(double factor) implements RopeScaling {}

  /** Llama 3.1's: long waves by the factor, short ones not. */
  public record Llama3(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings)
      implements RopeScaling {}

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
        Activation.read(config, "hidden_act", Activation.SILU));
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
