package io.llmagentos.model.training.arguments;

import io.llmagentos.model.training.LoraConfig;
import io.llmagentos.node.settings.ValueType;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What is trained: the {@code ModelArguments} of Hugging Face's examples, and tokenizers that are trained along. */
public final class ModelArguments {
  /** How a tokenizer that is trained cuts text. */
  public enum TokenizerType {
    /** As GPT-2: byte pairs, any text. */
    BYTE_LEVEL_BPE,
    /** As BERT: lower-cased pieces of words. */
    WORDPIECE,
    /** A token per character. */
    CHARACTER;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The directory of the model to begin with. */
  public static final Argument<Optional<String>> MODEL_NAME_OR_PATH =
      Argument.text("model_name_or_path");

  /** The shape of a model with random weights: what its {@code config.json} says, or where that lies. */
  public static final Argument<Optional<Object>> CONFIG =
      Argument.optional("config", new ValueType<>("a map as in config.json, or its path", value -> {
        ValueType.require(value instanceof Map || value instanceof String);
        return value;
      }));

  /** Changes to that shape: a map, or as {@code run_clm.py} has it, {@code n_embd=10,resid_pdrop=0.2}. */
  public static final Argument<Map<String, Object>> CONFIG_OVERRIDES = new Argument<>(
      "config_overrides",
      Map.of(),
      new ValueType<>(
          "a map, or key=value,key=value",
          value -> value instanceof String text
              ? overrides(text)
              : ValueType.MAP.parser().apply(value)));

  /** The directory of the tokenizer, if it is not the model's. */
  public static final Argument<Optional<String>> TOKENIZER_NAME = Argument.text("tokenizer_name");

  /** Train a tokenizer of this type on {@code train_file}. */
  public static final Argument<Optional<TokenizerType>> TOKENIZER_TYPE =
      Argument.optional("tokenizer_type", ValueType.choice(TokenizerType.class));

  /** Tokens of the tokenizer that is trained; one per character has as many as there are. */
  public static final Argument<Optional<Integer>> VOCAB_SIZE =
      Argument.optional("vocab_size", ValueType.integer(1));

  /** Whether a classifier's head that does not know the labels of the data gives way to a new one. */
  public static final Argument<Boolean> IGNORE_MISMATCHED_SIZES =
      Argument.flag("ignore_mismatched_sizes", false);

  /** Train a low-rank adapter alone. */
  public static final Argument<Optional<LoraConfig>> PEFT_CONFIG = Argument.optional(
      "peft_config", new ValueType<>("a map of r, lora_alpha, ...", LoraArguments::parse));

  private ModelArguments() {}

  /** What {@link #PEFT_CONFIG} says, with the model that is adapted. */
  public static Optional<LoraConfig> lora(Arguments arguments) {
    return arguments.has(PEFT_CONFIG)
        ? arguments
            .get(PEFT_CONFIG)
            .map(lora -> lora.withBaseModel(arguments.get(MODEL_NAME_OR_PATH).orElse("")))
        : Optional.empty();
  }

  private static Map<String, Object> overrides(String text) {
    Map<String, Object> map = new TreeMap<>();
    for (String pair : text.split(",", -1)) {
      int equals = pair.indexOf('=');
      ValueType.require(equals > 0);
      String value = pair.substring(equals + 1).strip();
      map.put(pair.substring(0, equals).strip(), number(value));
    }
    return map;
  }

  private static Object number(String value) {
    if (value.equals("true") || value.equals("false")) {
      return Boolean.valueOf(value);
    }
    if (value.matches("-?\\d{1,9}")) {
      return Integer.valueOf(value);
    }
    return value.matches("-?[\\d.]+(e-?\\d+)?") ? (Object) Double.valueOf(value) : value;
  }
}
