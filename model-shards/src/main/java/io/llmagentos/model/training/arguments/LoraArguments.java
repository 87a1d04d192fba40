package io.llmagentos.model.training.arguments;

import io.llmagentos.model.training.LoraConfig;
import io.llmagentos.node.settings.ValueType;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** {@link ModelArguments#PEFT_CONFIG}: PEFT's {@code LoraConfig}. */
final class LoraArguments {
  private static final Argument<Integer> R = Argument.integer("r", 8, 1);
  private static final Argument<Double> LORA_ALPHA =
      Argument.real("lora_alpha", 8, 0, Float.MAX_VALUE);
  private static final Argument<Double> LORA_DROPOUT =
      new Argument<>("lora_dropout", 0.0, new ValueType<>("a probability below 1", value -> {
        double probability = ValueType.real(0, 1).parser().apply(value);
        ValueType.require(probability < 1);
        return probability;
      }));
  private static final Argument<List<String>> TARGET_MODULES = Argument.texts("target_modules");
  private static final Argument<List<String>> MODULES_TO_SAVE = Argument.texts("modules_to_save");

  /** Which of the model's biases are learnt. */
  private enum Bias {
    NONE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final Argument<Bias> BIAS = Argument.choice("bias", Bias.NONE);

  private LoraArguments() {}

  static LoraConfig parse(Object value) {
    if (value instanceof LoraConfig config) {
      return config;
    }
    Arguments read = Arguments.parse(
        ModelArguments.PEFT_CONFIG.name(),
        List.of(R, LORA_ALPHA, LORA_DROPOUT, TARGET_MODULES, MODULES_TO_SAVE, BIAS),
        (Map<?, ?>) value);
    return new LoraConfig(
        read.get(R),
        read.get(LORA_ALPHA),
        read.get(LORA_DROPOUT),
        read.get(TARGET_MODULES),
        read.get(MODULES_TO_SAVE),
        "");
  }

  /** As a file says it. */
  static Map<String, Object> toMap(LoraConfig config) {
    Map<String, Object> map = new TreeMap<>(Map.of(
        R.name(), config.r(),
        LORA_ALPHA.name(), config.loraAlpha(),
        LORA_DROPOUT.name(), config.loraDropout()));
    map.put(TARGET_MODULES.name(), config.targetModules());
    map.put(MODULES_TO_SAVE.name(), config.modulesToSave());
    map.put(BIAS.name(), Bias.NONE.toString());
    return map;
  }
}
