package io.llmagentos.model.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * BERT: it looks both ways and predicts masked tokens or one label for a sequence.
 *
 * @param padTokenId the token whose embedding stays as it is, or -1
 * @param labels the names of a sequence's labels; empty for a masked language model
 */
public record BertConfig(
    int vocabSize,
    int hiddenSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int intermediateSize,
    int maxPositionEmbeddings,
    int typeVocabSize,
    float layerNormEps,
    Activation hiddenAct,
    boolean tieWordEmbeddings,
    Dropout dropout,
    double initializerRange,
    int padTokenId,
    List<String> labels)
    implements TransformerConfig {
  private static final String MASKED = "BertForMaskedLM";
  private static final String CLASSIFIER = "BertForSequenceClassification";

  public BertConfig {
    labels = List.copyOf(labels);
  }

  static BertConfig from(ConfigFile config) {
    int width = config.positive("hidden_size", 768);
    int heads = config.positive("num_attention_heads", 12);
    config.requireDivides("num_attention_heads", heads, "hidden_size", width);
    String architecture = config.json().path("architectures").path(0).asText(MASKED);
    if (!architecture.equals(MASKED) && !architecture.equals(CLASSIFIER)) {
      throw config.unsupported("architectures", architecture, MASKED + ", " + CLASSIFIER);
    }
    if (config.has("position_embedding_type")
        && !config.text("position_embedding_type").equals("absolute")) {
      throw config.unsupported(
          "position_embedding_type", config.text("position_embedding_type"), "absolute");
    }
    double hidden = config.probability("hidden_dropout_prob", 0.1);
    return new BertConfig(
        config.positive("vocab_size", 30522),
        width,
        config.positive("num_hidden_layers", 12),
        heads,
        config.positive("intermediate_size", 3072),
        config.positive("max_position_embeddings", 512),
        config.positive("type_vocab_size", 2),
        (float) config.positiveNumber("layer_norm_eps", 1e-12),
        Activation.read(config, "hidden_act", Activation.GELU),
        config.flag("tie_word_embeddings", true),
        new Dropout(
            hidden,
            hidden,
            config.probability("attention_probs_dropout_prob", 0.1),
            config.probability("classifier_dropout", hidden)),
        config.positiveNumber("initializer_range", 0.02),
        config.has("pad_token_id") ? config.token("pad_token_id") : 0,
        architecture.equals(CLASSIFIER) ? labels(config) : List.of());
  }

  private static List<String> labels(ConfigFile config) {
    if (!config.has("id2label")) {
      return IntStream.range(0, config.positive("num_labels", 2))
          .mapToObj(i -> "LABEL_" + i)
          .toList();
    }
    JsonNode names = config.object("id2label").json();
    return IntStream.range(0, names.size())
        .mapToObj(i -> names.path(Integer.toString(i)).asText("LABEL_" + i))
        .toList();
  }

  /** The same model with another head: these labels, or masked tokens for none. */
  public BertConfig withLabels(List<String> names) {
    return new BertConfig(
        vocabSize,
        hiddenSize,
        numHiddenLayers,
        numAttentionHeads,
        intermediateSize,
        maxPositionEmbeddings,
        typeVocabSize,
        layerNormEps,
        hiddenAct,
        tieWordEmbeddings,
        dropout,
        initializerRange,
        padTokenId,
        names);
  }

  @Override
  public String modelType() {
    return "bert";
  }

  @Override
  public int contextLength() {
    return maxPositionEmbeddings;
  }

  public int headDim() {
    return hiddenSize / numAttentionHeads;
  }

  public boolean isClassifier() {
    return !labels.isEmpty();
  }

  @Override
  public List<Parameter> parameters() {
    int width = hiddenSize;
    var all = new ArrayList<Parameter>();
    String embeddings = "bert.embeddings.";
    all.add(
        normal(embeddings + "word_embeddings.weight", vocabSize, width).withZeroRow(padTokenId));
    all.add(normal(embeddings + "position_embeddings.weight", maxPositionEmbeddings, width));
    all.add(normal(embeddings + "token_type_embeddings.weight", typeVocabSize, width));
    norm(all, embeddings + "LayerNorm");
    for (int i = 0; i < numHiddenLayers; i++) {
      String layer = "bert.encoder.layer." + i + ".";
      linear(all, layer + "attention.self.query", width, width);
      linear(all, layer + "attention.self.key", width, width);
      linear(all, layer + "attention.self.value", width, width);
      linear(all, layer + "attention.output.dense", width, width);
      norm(all, layer + "attention.output.LayerNorm");
      linear(all, layer + "intermediate.dense", intermediateSize, width);
      linear(all, layer + "output.dense", width, intermediateSize);
      norm(all, layer + "output.LayerNorm");
    }
    if (isClassifier()) {
      linear(all, "bert.pooler.dense", width, width);
      linear(all, "classifier", labels.size(), width);
    } else {
      all.add(Parameter.constant("cls.predictions.bias", 0, vocabSize));
      linear(all, "cls.predictions.transform.dense", width, width);
      norm(all, "cls.predictions.transform.LayerNorm");
      if (!tieWordEmbeddings) {
        all.add(normal("cls.predictions.decoder.weight", vocabSize, width));
      }
    }
    return all;
  }

  private Parameter normal(String name, long... shape) {
    return Parameter.normal(name, initializerRange, shape);
  }

  private void linear(List<Parameter> all, String name, long outputs, long inputs) {
    all.add(normal(name + ".weight", outputs, inputs));
    all.add(Parameter.constant(name + ".bias", 0, outputs));
  }

  private void norm(List<Parameter> all, String name) {
    all.add(Parameter.constant(name + ".weight", 1, hiddenSize));
    all.add(Parameter.constant(name + ".bias", 0, hiddenSize));
  }

  @Override
  public ObjectNode toJson() {
    ObjectNode json = ConfigFile.object(isClassifier() ? CLASSIFIER : MASKED, modelType());
    json.put("vocab_size", vocabSize)
        .put("hidden_size", hiddenSize)
        .put("num_hidden_layers", numHiddenLayers)
        .put("num_attention_heads", numAttentionHeads)
        .put("intermediate_size", intermediateSize)
        .put("max_position_embeddings", maxPositionEmbeddings)
        .put("type_vocab_size", typeVocabSize)
        .put("layer_norm_eps", ConfigFile.exact(layerNormEps))
        .put("hidden_act", hiddenAct.configName())
        .put("position_embedding_type", "absolute")
        .put("tie_word_embeddings", tieWordEmbeddings)
        .put("hidden_dropout_prob", dropout.residual())
        .put("attention_probs_dropout_prob", dropout.attention())
        .put("classifier_dropout", dropout.output())
        .put("initializer_range", initializerRange);
    if (padTokenId >= 0) {
      json.put("pad_token_id", padTokenId);
    } else {
      json.putNull("pad_token_id");
    }
    if (isClassifier()) {
      ObjectNode names = json.putObject("id2label");
      ObjectNode ids = json.putObject("label2id");
      for (int i = 0; i < labels.size(); i++) {
        names.put(Integer.toString(i), labels.get(i));
        ids.put(labels.get(i), i);
      }
    }
    return json;
  }
}
