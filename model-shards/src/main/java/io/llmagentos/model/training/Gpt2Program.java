package io.llmagentos.model.training;

import io.llmagentos.model.training.Graph.Attention;
import io.llmagentos.model.training.Graph.Value;
import io.llmagentos.model.weights.Gpt2Config;
import java.util.List;

/** GPT-2 (Radford et al. 2019): learned positions, norms before the layers, GELU. */
record Gpt2Program(Gpt2Config config) implements Program {
  @Override
  public Objective objective() {
    return Objective.NEXT_TOKEN;
  }

  @Override
  public Value body(Graph graph) {
    graph.define("t = torch.numel(" + graph.input(Input.IDS) + ") // b");
    String bias = graph.scoreBias("bias", Input.MASK, "t", true);
    Value x = graph.add(
        graph.embedding("transformer.wte.weight", Input.IDS, -1),
        graph.embedding("transformer.wpe.weight", Input.POSITIONS, -1));
    x = graph.dropout(x, config.dropout().embedding());
    for (int i = 0; i < config.nLayer(); i++) {
      graph.output("hidden." + i, x);
      x = layer(graph, x, i, bias);
    }
    Value y = graph.layerNorm(x, "transformer.ln_f", config.layerNormEpsilon());
    graph.output("hidden." + config.nLayer(), y);
    return y;
  }

  private Value layer(Graph graph, Value x, int index, String bias) {
    String name = "transformer.h." + index + ".";
    int width = config.nEmbd();
    double scale = config.scaleAttnWeights() ? 1 / Math.sqrt(config.headDim()) : 1;
    scale = config.scaleAttnByInverseLayerIdx() ? scale / (index + 1) : scale;
    Attention attention = new Attention(
        config.nHead(), config.nHead(), scale, true, config.dropout().attention(), bias, null);
    Value h = graph.layerNorm(x, name + "ln_1", config.layerNormEpsilon());
    List<Value> qkv = graph.split(convolution(graph, h, name + "attn.c_attn"), width, width, width);
    Value a = graph.attention(attention, qkv.get(0), qkv.get(1), qkv.get(2));
    a = graph.dropout(
        convolution(graph, a, name + "attn.c_proj"), config.dropout().residual());
    Value y = graph.add(x, a);
    h = graph.layerNorm(y, name + "ln_2", config.layerNormEpsilon());
    h = graph.activation(config.activationFunction(), convolution(graph, h, name + "mlp.c_fc"));
    h = graph.dropout(
        convolution(graph, h, name + "mlp.c_proj"), config.dropout().residual());
    return graph.add(y, h);
  }

  private static Value convolution(Graph graph, Value x, String name) {
    return graph.convolution(x, name + ".weight", name + ".bias");
  }

  @Override
  public String outputWeight() {
    return config.tieWordEmbeddings() ? "transformer.wte.weight" : "lm_head.weight";
  }

  @Override
  public int labels() {
    return config.vocabSize();
  }
}
