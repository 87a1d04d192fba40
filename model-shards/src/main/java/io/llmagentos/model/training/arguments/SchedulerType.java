package io.llmagentos.model.training.arguments;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import io.llmagentos.node.settings.ValueType;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** How the learning rate changes along a training, as in transformers' {@code optimization.py}. */
public enum SchedulerType {
  CONSTANT(false, Map.of()),
  CONSTANT_WITH_WARMUP(true, Map.of()),
  /** Down to 0. */
  LINEAR(true, Map.of()),
  /** {@code num_cycles} waves of a cosine; by default half of one: down to 0. */
  COSINE(true, Map.of("num_cycles", 0.5)),
  /** As {@code COSINE}, but down to {@code min_lr}, or to {@code min_lr_rate} times the top. */
  COSINE_WITH_MIN_LR(true, Map.of("num_cycles", 0.5, "min_lr", 0.0, "min_lr_rate", 0.0)),
  /** {@code num_cycles} times from the top to 0. */
  COSINE_WITH_RESTARTS(true, Map.of("num_cycles", 1.0)),
  /** Along a {@code power} of the rest down to {@code lr_end}. */
  POLYNOMIAL(true, Map.of("power", 1.0, "lr_end", 1e-7));

  private final boolean warmup;

  @SuppressWarnings("ImmutableEnumChecker") // Map.of
  private final Map<String, Double> defaults;

  SchedulerType(boolean warmup, Map<String, Double> defaults) {
    this.warmup = warmup;
    this.defaults = defaults;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The learning rate of the update after {@code step} others.
   *
   * @param learningRate the highest
   * @param kwargs as {@code lr_scheduler_kwargs}, checked
   */
  public double learningRate(
      double learningRate, long step, long warmupSteps, long totalSteps, Map<String, ?> kwargs) {
    if (warmup && step < warmupSteps) {
      return learningRate * step / Math.max(1, warmupSteps);
    }
    double progress = (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
    return switch (this) {
      case CONSTANT, CONSTANT_WITH_WARMUP -> learningRate;
      case LINEAR -> learningRate * Math.max(0, 1 - progress);
      case COSINE -> learningRate * wave(2 * number(kwargs, "num_cycles") * progress);
      case COSINE_WITH_MIN_LR -> {
        double end =
            Math.max(number(kwargs, "min_lr"), learningRate * number(kwargs, "min_lr_rate"));
        yield (learningRate - end) * wave(2 * number(kwargs, "num_cycles") * progress) + end;
      }
      case COSINE_WITH_RESTARTS ->
        progress >= 1 ? 0 : learningRate * wave(number(kwargs, "num_cycles") * progress % 1);
      case POLYNOMIAL -> {
        double end = number(kwargs, "lr_end");
        yield progress >= 1
            ? end
            : (learningRate - end) * Math.pow(1 - progress, number(kwargs, "power")) + end;
      }
    };
  }

  private static double wave(double halves) {
    return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * halves)));
  }

  private double number(Map<String, ?> kwargs, String name) {
    Object value = kwargs.get(name);
    double otherwise = defaults.getOrDefault(name, 0.0);
    return value == null ? otherwise : parse(name, value);
  }

  private static double parse(String name, Object value) {
    return ValueType.real(0, Double.MAX_VALUE)
        .parse(TrainingArguments.LR_SCHEDULER_KWARGS + "." + name, value);
  }

  /** Throws for what this schedule does not have. */
  void check(Map<String, ?> kwargs) {
    Set<String> known = defaults.keySet();
    new TreeMap<>(kwargs).forEach((name, value) -> {
      if (!known.contains(name)) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_UNKNOWN_KEY,
            "lr_scheduler_type " + this + " has no argument " + name
                + Settings.nearest(name, known)
                    .map(nearest -> "; did you mean " + nearest + "?")
                    .orElse(""),
            TrainingArguments.LR_SCHEDULER_KWARGS + "." + name);
      }
      double unused = parse(name, value);
    });
  }
}
