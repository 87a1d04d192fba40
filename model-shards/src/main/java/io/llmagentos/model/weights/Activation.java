package io.llmagentos.model.weights;

import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** The element-wise functions that Hugging Face's configurations name. */
public enum Activation {
  /** x * Phi(x), by the error function. */
  GELU,
  /** The tanh form of {@link #GELU}. */
  GELU_NEW,
  /** x * sigmoid(1.702 x). */
  QUICK_GELU,
  RELU,
  SILU;

  private static final Map<String, Activation> BY_NAME = Map.of(
      "gelu", GELU,
      "gelu_python", GELU,
      "gelu_new", GELU_NEW,
      "gelu_pytorch_tanh", GELU_NEW,
      "gelu_fast", GELU_NEW,
      "quick_gelu", QUICK_GELU,
      "relu", RELU,
      "silu", SILU,
      "swish", SILU);

  /** The name that Hugging Face writes. */
  String configName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What {@code key} of a configuration names. */
  static Activation read(ConfigFile config, String key, Activation otherwise) {
    if (!config.has(key)) {
      return otherwise;
    }
    return named(config, key, config.text(key));
  }

  /** The function of that name, which {@code key} of a configuration gives. */
  static Activation named(ConfigFile config, String key, String name) {
    Activation named = BY_NAME.get(name);
    if (named == null) {
      throw config.unsupported(
          key, config.text(key), String.join(", ", new TreeSet<>(BY_NAME.keySet())));
    }
    return named;
  }
}
