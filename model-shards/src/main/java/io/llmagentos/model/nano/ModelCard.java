package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.weights.LlamaConfig;
import io.llmagentos.model.weights.Parameter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/** Writes the model card: the committed text with shape, figures and options filled in. */
final class ModelCard {

  private ModelCard() {}

  static void write(Path directory, LlamaConfig config, double ngramWeight, ObjectNode figures)
      throws IOException {
    String card;
    try (var in =
        Objects.requireNonNull(ModelCard.class.getResourceAsStream("card.md"), "card.md")) {
      card = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    card = card.replace(
            "${parameters}",
            String.format(
                Locale.ROOT,
                "%,d",
                config.parameters().stream().mapToLong(Parameter::elements).sum()))
        .replace("${ngram.weight}", String.valueOf(ngramWeight))
        .replace(
            "${alone}",
            String.join(
                " / ",
                figure(figures.path("without_ngrams"), "hwu64", "intent_accuracy"),
                figure(figures.path("without_ngrams"), "hwu64", "exact_call"),
                figure(figures.path("without_ngrams"), "banking77", "intent_accuracy"),
                figure(figures.path("without_ngrams"), "clinc150", "in_scope_accuracy"),
                figure(figures.path("without_ngrams"), "clinc150", "out_of_scope_recall")))
        .replace("${layers}", String.valueOf(config.numHiddenLayers()))
        .replace("${width}", String.valueOf(config.hiddenSize()))
        .replace("${heads}", String.valueOf(config.numAttentionHeads()))
        .replace("${inner}", String.valueOf(config.intermediateSize()))
        .replace("${vocabulary}", String.valueOf(config.vocabSize()))
        .replace("${hwu64.intent}", figure(figures, "hwu64", "intent_accuracy"))
        .replace("${hwu64.exact}", figure(figures, "hwu64", "exact_call"))
        .replace("${banking77.intent}", figure(figures, "banking77", "intent_accuracy"))
        .replace("${clinc150.intent}", figure(figures, "clinc150", "in_scope_accuracy"))
        .replace("${clinc150.recall}", figure(figures, "clinc150", "out_of_scope_recall"))
        .replace("${clinc150.bias}", figure(figures, "clinc150", "none_bias"));
    Files.writeString(directory.resolve("README.md"), card);
  }

  private static String figure(JsonNode figures, String set, String name) {
    return String.format(Locale.ROOT, "%.3f", figures.path(set).path(name).asDouble());
  }
}
