package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.DecoderShape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/** Writes the model card: the committed text with shape, figures and options filled in. */
final class ModelCard {

  private ModelCard() {}

  static void write(Path directory, DecoderShape shape, ObjectNode figures, String options)
      throws IOException {
    String card;
    try (var in =
        Objects.requireNonNull(ModelCard.class.getResourceAsStream("card.md"), "card.md")) {
      card = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    card = card.replace("${parameters}", String.format(Locale.ROOT, "%,d", shape.parameterCount()))
        .replace("${layers}", String.valueOf(shape.layers()))
        .replace("${width}", String.valueOf(shape.width()))
        .replace("${heads}", String.valueOf(shape.heads()))
        .replace("${inner}", String.valueOf(shape.inner()))
        .replace("${vocabulary}", String.valueOf(shape.vocabulary()))
        .replace("${options}", options)
        .replace("${hwu64.intent}", figure(figures, "hwu64", "intent_accuracy"))
        .replace("${hwu64.exact}", figure(figures, "hwu64", "exact_call"))
        .replace("${banking77.intent}", figure(figures, "banking77", "intent_accuracy"))
        .replace("${clinc150.intent}", figure(figures, "clinc150", "in_scope_accuracy"))
        .replace("${clinc150.recall}", figure(figures, "clinc150", "out_of_scope_recall"))
        .replace("${clinc150.bias}", figure(figures, "clinc150", "none_bias"));
    Files.writeString(directory.resolve("README.md"), card);
  }

  private static String figure(ObjectNode figures, String set, String name) {
    return String.format(Locale.ROOT, "%.3f", figures.path(set).path(name).asDouble());
  }
}
