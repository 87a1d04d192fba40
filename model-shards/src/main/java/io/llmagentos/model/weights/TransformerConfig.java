package io.llmagentos.model.weights;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;

/** What {@code config.json} says of a model that can be trained: its family and its shape, under Hugging Face's names. */
public sealed interface TransformerConfig permits ModelConfig, BertConfig, T5Config {
  /** Hugging Face's {@code model_type}. */
  String modelType();

  int vocabSize();

  /** The longest sequence in tokens. */
  int contextLength();

  Dropout dropout();

  /** All weights, in the order in which Hugging Face's model has them. */
  List<Parameter> parameters();

  /** What Hugging Face's {@code save_pretrained} says of this model in {@code config.json}. */
  ObjectNode toJson();

  /**
   * Read {@code config.json}.
   *
   * @throws io.llmagentos.node.error.AgentOsException {@code MODEL_FILE_MISSING}, {@code MODEL_FILE_CORRUPT} or {@code MODEL_UNSUPPORTED}
   */
  static TransformerConfig read(Path directory) {
    ConfigFile config = ConfigFile.read(directory.resolve("config.json"));
    return switch (config.text("model_type")) {
      case "bert" -> BertConfig.from(config);
      case "t5" -> T5Config.from(config);
      case "gpt2", "llama", "qwen2" -> ModelConfig.read(directory);
      default ->
        throw config.unsupported(
            "model_type", config.text("model_type"), "bert, gpt2, llama, qwen2, t5");
    };
  }
}
