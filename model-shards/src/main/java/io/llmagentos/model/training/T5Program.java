package io.llmagentos.model.training;

import io.llmagentos.model.training.Graph.Attention;
import io.llmagentos.model.training.Graph.Value;
import io.llmagentos.model.weights.T5Config;
import org.jspecify.annotations.Nullable;

/** T5 (Raffel et al. 2020): the scores are not scaled; the first layer's relative positions serve all layers of a stack. */
record T5Program(T5Config config) implements Program {
  private static final String NO_BIAS = "None";

  @Override
  public Objective objective() {
    return Objective.SAME_TOKEN;
  }

  @Override
  public Value body(Graph graph) {
    graph.define("t = torch.numel(" + graph.input(Input.IDS) + ") // b");
    graph.define("u = torch.numel(" + graph.input(Input.DECODER_IDS) + ") // b");
    String encoderBias = graph.scoreBias("encoder_bias", Input.MASK, "t", false);
    String crossBias = graph.scoreBias("cross_bias", Input.MASK, "u", false);
    Value encoded = encoder(graph, encoderBias);
    return decoder(graph, encoded, crossBias);
  }

  private Value encoder(Graph graph, String bias) {
    Value x = dropout(graph, graph.embedding("shared.weight", Input.IDS, -1));
    Value position = graph.position(table("encoder."), Input.ENCODER_BUCKETS, "t");
    for (int i = 0; i < config.numLayers(); i++) {
      graph.output("encoder_hidden." + i, x);
      String block = "encoder.block." + i + ".layer.";
      x = self(graph, x, block + "0.", attention(false, bias, position));
      x = feedForward(graph, x, block + "1.");
    }
    Value y = dropout(graph, norm(graph, x, "encoder.final_layer_norm"));
    graph.output("encoder_hidden." + config.numLayers(), y);
    return y;
  }

  private Value decoder(Graph graph, Value encoded, String crossBias) {
    Value x = dropout(graph, graph.embedding("shared.weight", Input.DECODER_IDS, -1));
    Value position = graph.position(table("decoder."), Input.DECODER_BUCKETS, "u");
    for (int i = 0; i < config.numDecoderLayers(); i++) {
      graph.output("hidden." + i, x);
      String block = "decoder.block." + i + ".layer.";
      x = self(graph, x, block + "0.", attention(true, NO_BIAS, position));
      Value h = norm(graph, x, block + "1.layer_norm");
      Attention cross = attention(false, crossBias, null);
      x = graph.add(x, attend(graph, h, encoded, block + "1.EncDecAttention.", cross));
      x = feedForward(graph, x, block + "2.");
    }
    Value y = dropout(graph, norm(graph, x, "decoder.final_layer_norm"));
    graph.output("hidden." + config.numDecoderLayers(), y);
    return y;
  }

  private static String table(String stack) {
    return stack + "block.0.layer.0.SelfAttention.relative_attention_bias.weight";
  }

  private Attention attention(boolean causal, String bias, @Nullable Value position) {
    int heads = config.numHeads();
    return new Attention(heads, heads, 1, causal, config.dropout().attention(), bias, position);
  }

  private Value self(Graph graph, Value x, String name, Attention attention) {
    Value h = norm(graph, x, name + "layer_norm");
    return graph.add(x, attend(graph, h, h, name + "SelfAttention.", attention));
  }

  private Value attend(Graph graph, Value queries, Value keys, String name, Attention attention) {
    Value a = graph.attention(
        attention,
        graph.linear(queries, name + "q.weight", null),
        graph.linear(keys, name + "k.weight", null),
        graph.linear(keys, name + "v.weight", null));
    return dropout(graph, graph.linear(a, name + "o.weight", null));
  }

  private Value feedForward(Graph graph, Value x, String name) {
    String dense = name + "DenseReluDense.";
    Value h = norm(graph, x, name + "layer_norm");
    String first = dense + (config.isGatedAct() ? "wi_0" : "wi") + ".weight";
    Value inner = graph.activation(config.denseActFn(), graph.linear(h, first, null));
    if (config.isGatedAct()) {
      inner = graph.multiply(inner, graph.linear(h, dense + "wi_1.weight", null));
    }
    Value y = graph.linear(dropout(graph, inner), dense + "wo.weight", null);
    return graph.add(x, dropout(graph, y));
  }

  /** Tied models multiply by the root of the width first. */
  @Override
  public Value head(Graph graph, Value rows) {
    return config.tieWordEmbeddings() ? graph.scale(rows, 1 / Math.sqrt(config.dModel())) : rows;
  }

  private Value norm(Graph graph, Value x, String name) {
    return graph.rmsNorm(x, name + ".weight", config.layerNormEpsilon());
  }

  private Value dropout(Graph graph, Value x) {
    return graph.dropout(x, config.dropout().residual());
  }

  @Override
  public String outputWeight() {
    return config.tieWordEmbeddings() ? "shared.weight" : "lm_head.weight";
  }

  @Override
  public int labels() {
    return config.vocabSize();
  }
}
