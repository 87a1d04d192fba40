package io.llmagentos.model.training.trainer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.Transformer;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.ModelArguments;
import io.llmagentos.model.training.arguments.TrainingArguments;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The directory of a BERT, which a training may give another head. */
final class BertFiles {
  private static final List<String> OF_A_HEAD =
      List.of("id2label", "label2id", "num_labels", "problem_type");

  private BertFiles() {}

  static BertConfig config(Arguments arguments, Path model) {
    return Task.config(arguments, model, BertConfig.class, "bert");
  }

  /** From now on it has the head of {@code config}. */
  static void put(Path model, BertConfig config) throws IOException {
    ObjectNode json = ModelFiles.config(model);
    json.remove(OF_A_HEAD);
    json.setAll(config.toJson());
    Path file = model.resolve("config.json");
    Files.delete(file); // a copy, as read-only as what it is copied from
    Files.writeString(file, json.toPrettyString());
  }

  /** With a new head where the weights have none for its configuration. */
  static Transformer load(Arguments arguments, Path model, EngineSettings engine) {
    return Transformer.adapt(
        model,
        config(arguments, model),
        engine,
        arguments.get(TrainingArguments.SEED),
        arguments.has(ModelArguments.IGNORE_MISMATCHED_SIZES)
            && arguments.get(ModelArguments.IGNORE_MISMATCHED_SIZES));
  }

  /** What fills up a row; the embedding that it has says nothing. */
  static int padToken(BertConfig config) {
    return Math.max(0, config.padTokenId());
  }
}
