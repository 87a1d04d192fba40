package io.llmagentos.model.weights;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;

/** What {@code config.json} says of a model that can be trained: its family and its shape, under Hugging Face's names. */
public sealed interface TransformerConfig permits ModelConfig {
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
    return ModelConfig.read(directory);
  }
}
