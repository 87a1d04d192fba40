package io.llmagentos.model.weights;

import java.nio.file.Path;

/** The models that are served: decoders, which continue a text. */
public sealed interface ModelConfig extends TransformerConfig permits Gpt2Config, LlamaConfig {
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
