package io.llmagentos.model.training;

import io.llmagentos.model.training.Graph.Attention;
import io.llmagentos.model.training.Graph.Value;
import io.llmagentos.model.weights.BertConfig;
import org.jspecify.annotations.Nullable;

/** BERT (Devlin et al. 2019): norms behind the layers; masked tokens or a label for the sequence. */
record BertProgram(BertConfig config) implements Program {
  @Override
  public Objective objective() {
    return config.isClassifier() ? Objective.ROW : Objective.SAME_TOKEN;
  }

  @Override
  public Value body(Graph graph) {
    graph.define("t = torch.numel(" + graph.input(Input.IDS) + ") // b");
    String bias = graph.scoreBias("bias", Input.MASK, "t", false);
    String name = "bert.embeddings.";
    Value x = graph.add(
        graph.embedding(name + "word_embeddings.weight", Input.IDS, config.padTokenId()),
        graph.embedding(name + "token_type_embeddings.weight", Input.TYPES, -1));
    x = graph.add(x, graph.embedding(name + "position_embeddings.weight", Input.POSITIONS, -1));
    x = graph.dropout(norm(graph, x, name + "LayerNorm"), config.dropout().embedding());
    graph.output("hidden.0", x);
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      x = layer(graph, x, "bert.encoder.layer." + i + ".", bias);
      graph.output("hidden." + (i + 1), x);
    }
    return x;
  }

  private Value layer(Graph graph, Value x, String name, String bias) {
    int heads = config.numAttentionHeads();
    double scale = 1 / Math.sqrt(config.headDim());
    Attention attention =
        new Attention(heads, heads, scale, false, config.dropout().attention(), bias, null);
    Value a = graph.attention(
        attention,
        linear(graph, x, name + "attention.self.query"),
        linear(graph, x, name + "attention.self.key"),
        linear(graph, x, name + "attention.self.value"));
    a = graph.dropout(
        linear(graph, a, name + "attention.output.dense"), config.dropout().residual());
    Value y = norm(graph, graph.add(x, a), name + "attention.output.LayerNorm");
    Value h = graph.activation(config.hiddenAct(), linear(graph, y, name + "intermediate.dense"));
    h = graph.dropout(linear(graph, h, name + "output.dense"), config.dropout().residual());
    return norm(graph, graph.add(y, h), name + "output.LayerNorm");
  }

  @Override
  public Value head(Graph graph, Value rows) {
    if (config.isClassifier()) {
      Value pooled = graph.tanh(linear(graph, rows, "bert.pooler.dense"));
      return graph.dropout(pooled, config.dropout().output());
    }
    String transform = "cls.predictions.transform.";
    Value h = graph.activation(config.hiddenAct(), linear(graph, rows, transform + "dense"));
    return norm(graph, h, transform + "LayerNorm");
  }

  private static Value linear(Graph graph, Value x, String name) {
    return graph.linear(x, name + ".weight", name + ".bias");
  }

  private Value norm(Graph graph, Value x, String name) {
    return graph.layerNorm(x, name, config.layerNormEps());
  }

  @Override
  public String outputWeight() {
    String masked = config.tieWordEmbeddings()
        ? "bert.embeddings.word_embeddings.weight"
        : "cls.predictions.decoder.weight";
    return config.isClassifier() ? "classifier.weight" : masked;
  }

  @Override
  public @Nullable String outputBias() {
    return config.isClassifier() ? "classifier.bias" : "cls.predictions.bias";
  }

  @Override
  public int labels() {
    return config.isClassifier() ? config.labels().size() : config.vocabSize();
  }
}
