package io.llmagentos.model.weights;

/** GPT-2 and models of its shape: learned positions, LayerNorm, biases throughout. */
public record Gpt2Config(
    int vocabSize,
    int nPositions,
    int nEmbd,
    int nLayer,
    int nHead,
    int nInner,
    float layerNormEpsilon,
    boolean scaleAttnWeights,
    boolean scaleAttnByInverseLayerIdx,
    boolean tieWordEmbeddings,
    Activation activationFunction)
    implements ModelConfig {

  static Gpt2Config from(ConfigFile config) {
    int width = config.positive("n_embd", 768);
    int heads = config.positive("n_head", 12);
    config.requireDivides("n_head", heads, "n_embd", width);
    if (config.flag("add_cross_attention", false)) {
      throw config.unsupported("add_cross_attention", true, "false");
    }
    return new Gpt2Config(
        config.positive("vocab_size", 50257),
        config.positive("n_positions", config.positive("n_ctx", 1024)),
        width,
        config.positive("n_layer", 12),
        heads,
        config.positive("n_inner", 4 * width),
        (float) config.positiveNumber("layer_norm_epsilon", 1e-5),
        config.flag("scale_attn_weights", true),
        config.flag("scale_attn_by_inverse_layer_idx", false),
        config.flag("tie_word_embeddings", true),
        Activation.read(config, "activation_function", Activation.GELU_NEW));
  }

  @Override
  public String modelType() {
    return "gpt2";
  }

  @Override
  public int contextLength() {
    return nPositions;
  }

  public int headDim() {
    return nEmbd / nHead;
  }
}
