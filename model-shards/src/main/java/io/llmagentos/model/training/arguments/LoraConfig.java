package io.llmagentos.model.training.arguments;

import java.util.List;
import java.util.Map;

/**
 * A low-rank adapter, in PEFT's words.
 *
 * @param r its rank
 * @param loraAlpha its output is scaled by this over the rank
 * @param loraDropout of its input
 * @param targetModules ends of the names of the matrices that get one; none: those of the family
 */
public record LoraConfig(int r, double loraAlpha, double loraDropout, List<String> targetModules) {
  private static final Argument<Integer> R = Argument.integer("r", 8, 1);
  private static final Argument<Double> LORA_ALPHA =
      Argument.real("lora_alpha", 8, 0, Double.POSITIVE_INFINITY);
  private static final Argument<Double> LORA_DROPOUT = Argument.real("lora_dropout", 0, 0, 1);
  private static final Argument<List<String>> TARGET_MODULES = Argument.texts("target_modules");

  public LoraConfig {
    targetModules = List.copyOf(targetModules);
  }

  /** As a file says it. */
  Map<String, Object> toMap() {
    return Map.of(
        R.name(), r,
        LORA_ALPHA.name(), loraAlpha,
        LORA_DROPOUT.name(), loraDropout,
        TARGET_MODULES.name(), targetModules);
  }

  static LoraConfig parse(Object value) {
    if (value instanceof LoraConfig config) {
      return config;
    }
    Arguments read = Arguments.parse(
        ModelArguments.PEFT_CONFIG.name(),
        List.of(R, LORA_ALPHA, LORA_DROPOUT, TARGET_MODULES),
        (Map<?, ?>) value);
    return new LoraConfig(
        read.get(R), read.get(LORA_ALPHA), read.get(LORA_DROPOUT), read.get(TARGET_MODULES));
  }
}
