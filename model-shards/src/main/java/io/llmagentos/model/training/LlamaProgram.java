package io.llmagentos.model.training;

import io.llmagentos.model.training.Graph.Attention;
import io.llmagentos.model.training.Graph.Value;
import io.llmagentos.model.weights.LlamaConfig;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Llama (Touvron et al. 2023) and Qwen2: RMSNorm, rotary positions, grouped keys and values, gated MLP. */
record LlamaProgram(LlamaConfig config) implements Program {
  @Override
  public Objective objective() {
    return Objective.NEXT_TOKEN;
  }

  @Override
  public Value body(Graph graph) {
    graph.define("t = torch.numel(" + graph.input(Input.IDS) + ") // b");
    graph.define("angles = torch.outer(torch.to(%s, 6), torch.tensor(%s, dtype=6))"
        .formatted(graph.input(Input.POSITIONS), Arrays.toString(config.rotaryFrequencies())));
    graph.define("cosine = torch.cos(angles)");
    graph.define("sine = torch.sin(angles)");
    String bias = graph.scoreBias("bias", Input.MASK, "t", true);
    Value x = graph.embedding("model.embed_tokens.weight", Input.IDS, config.padTokenId());
    x = graph.dropout(x, config.dropout().embedding());
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      graph.output("hidden." + i, x);
      x = layer(graph, x, "model.layers." + i + ".", bias);
    }
    Value y = graph.rmsNorm(x, "model.norm.weight", config.rmsNormEps());
    graph.output("hidden." + config.numHiddenLayers(), y);
    return y;
  }

  private Value layer(Graph graph, Value x, String name, String bias) {
    String at = name + "self_attn.";
    boolean biased = config.queryKeyValueBias();
    int heads = config.numAttentionHeads();
    int keyHeads = config.numKeyValueHeads();
    Attention attention = new Attention(
        heads,
        keyHeads,
        1 / Math.sqrt(config.headDim()),
        true,
        config.dropout().attention(),
        bias,
        null);
    Value h = graph.rmsNorm(x, name + "input_layernorm.weight", config.rmsNormEps());
    Value q = graph.rotary(linear(graph, h, at + "q_proj", biased), heads);
    Value k = graph.rotary(linear(graph, h, at + "k_proj", biased), keyHeads);
    Value v = linear(graph, h, at + "v_proj", biased);
    Value a = graph.attention(attention, q, k, v);
    a = linear(graph, a, at + "o_proj", config.outputBias());
    Value y = graph.add(x, graph.dropout(a, config.dropout().residual()));
    h = graph.rmsNorm(y, name + "post_attention_layernorm.weight", config.rmsNormEps());
    Value gate = linear(graph, h, name + "mlp.gate_proj", config.mlpBias());
    Value up = linear(graph, h, name + "mlp.up_proj", config.mlpBias());
    h = graph.multiply(graph.activation(config.hiddenAct(), gate), up);
    h = linear(graph, h, name + "mlp.down_proj", config.mlpBias());
    return graph.add(y, graph.dropout(h, config.dropout().residual()));
  }

  private static Value linear(Graph graph, Value x, String name, boolean biased) {
    @Nullable String bias = biased ? name + ".bias" : null;
    return graph.linear(x, name + ".weight", bias);
  }

  @Override
  public String outputWeight() {
    return config.tieWordEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
  }

  @Override
  public int labels() {
    return config.vocabSize();
  }
}
