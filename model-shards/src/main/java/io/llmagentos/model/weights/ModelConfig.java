package io.llmagentos.model.weights;

import java.nio.file.Path;

/** What {@code config.json} says of a model: its family and its shape, under Hugging Face's names. */
public sealed interface ModelConfig permits Gpt2Config, LlamaConfig {
  /** Hugging Face's {@code model_type}. */
  String modelType();

  int vocabSize();

  /** The longest sequence in tokens. */
  int contextLength();

  /** Whether the output matrix is the token embedding. */
  boolean tieWordEmbeddings();

  /**
   * Read {@code config.json}.
   *
   * @throws io.llmagentos.node.error.AgentOsException {@code MODEL_FILE_MISSING}, {@code MODEL_FILE_CORRUPT} or {@code MODEL_UNSUPPORTED}
   */
  static ModelConfig read(Path directory) {
    ConfigFile config = ConfigFile.read(directory.resolve("config.json"));
    String modelType = config.text("model_type");
    if (config.has("quantization_config")) {
      throw config.unsupported("quantization_config", "of any kind", "weights in F32, F16 or BF16");
    }
    return switch (modelType) {
      case "gpt2" -> Gpt2Config.from(config);
      case "llama", "qwen2" -> LlamaConfig.from(config, modelType);
      default -> throw config.unsupported("model_type", modelType, "gpt2, llama, qwen2");
    };
  }
}
