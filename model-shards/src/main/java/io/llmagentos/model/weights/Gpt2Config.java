package io.llmagentos.model.weights;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

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
    Activation activationFunction,
    Dropout dropout,
    double initializerRange)
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
        Activation.read(config, "activation_function", Activation.GELU_NEW),
        new Dropout(
            config.probability("embd_pdrop", 0.1),
            config.probability("resid_pdrop", 0.1),
            config.probability("attn_pdrop", 0.1),
            0),
        config.positiveNumber("initializer_range", 0.02));
  }

  @Override
  public List<Parameter> parameters() {
    double range = initializerRange;
    double ontoResidual = range / Math.sqrt(2.0 * nLayer);
    int width = nEmbd;
    var all = new ArrayList<Parameter>();
    all.add(Parameter.normal("transformer.wte.weight", range, vocabSize, width));
    all.add(Parameter.normal("transformer.wpe.weight", range, nPositions, width));
    for (int i = 0; i < nLayer; i++) {
      String layer = "transformer.h." + i + ".";
      norm(all, layer + "ln_1");
      all.add(Parameter.normal(layer + "attn.c_attn.weight", range, width, 3L * width));
      all.add(Parameter.constant(layer + "attn.c_attn.bias", 0, 3L * width));
      all.add(Parameter.normal(layer + "attn.c_proj.weight", ontoResidual, width, width));
      all.add(Parameter.constant(layer + "attn.c_proj.bias", 0, width));
      norm(all, layer + "ln_2");
      all.add(Parameter.normal(layer + "mlp.c_fc.weight", range, width, nInner));
      all.add(Parameter.constant(layer + "mlp.c_fc.bias", 0, nInner));
      all.add(Parameter.normal(layer + "mlp.c_proj.weight", ontoResidual, nInner, width));
      all.add(Parameter.constant(layer + "mlp.c_proj.bias", 0, width));
    }
    norm(all, "transformer.ln_f");
    if (!tieWordEmbeddings) {
      all.add(Parameter.normal("lm_head.weight", range, vocabSize, width));
    }
    return all;
  }

  private void norm(List<Parameter> all, String name) {
    all.add(Parameter.constant(name + ".weight", 1, nEmbd));
    all.add(Parameter.constant(name + ".bias", 0, nEmbd));
  }

  @Override
  public ObjectNode toJson() {
    ObjectNode json = ConfigFile.object("GPT2LMHeadModel", modelType());
    json.put("vocab_size", vocabSize)
        .put("n_positions", nPositions)
        .put("n_embd", nEmbd)
        .put("n_layer", nLayer)
        .put("n_head", nHead);
    if (nInner == 4 * nEmbd) {
      json.putNull("n_inner");
    } else {
      json.put("n_inner", nInner);
    }
    return json.put("activation_function", activationFunction.configName())
        .put("layer_norm_epsilon", ConfigFile.exact(layerNormEpsilon))
        .put("scale_attn_weights", scaleAttnWeights)
        .put("scale_attn_by_inverse_layer_idx", scaleAttnByInverseLayerIdx)
        .put("tie_word_embeddings", tieWordEmbeddings)
        .put("embd_pdrop", dropout.embedding())
        .put("resid_pdrop", dropout.residual())
        .put("attn_pdrop", dropout.attention())
        .put("initializer_range", initializerRange);
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
