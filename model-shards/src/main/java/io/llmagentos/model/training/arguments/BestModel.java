package io.llmagentos.model.training.arguments;

import java.util.OptionalDouble;

/**
 * The best evaluation so far and when to stop for want of a better one, as Hugging Face's Trainer and its {@code EarlyStoppingCallback} see it.
 *
 * @param step of the best evaluation; 0: there was none
 * @param metric of it; empty: there was none
 * @param worse evaluations since one was better by more than the threshold
 */
public record BestModel(long step, OptionalDouble metric, int worse) {
  public static final BestModel NONE = new BestModel(0, OptionalDouble.empty(), 0);

  /** The name of the metric, {@code eval_} before it. */
  public static String metricName(Arguments arguments) {
    String name = arguments.get(TrainingArguments.METRIC_FOR_BEST_MODEL).orElse("loss");
    return name.startsWith("eval_") ? name : "eval_" + name;
  }

  static boolean greaterIsBetter(Arguments arguments) {
    return arguments
        .get(TrainingArguments.GREATER_IS_BETTER)
        .orElse(!metricName(arguments).endsWith("loss"));
  }

  /** After an evaluation. */
  public BestModel after(Arguments arguments, long evaluatedStep, double value) {
    if (metric.isEmpty()) {
      return new BestModel(evaluatedStep, OptionalDouble.of(value), 0);
    }
    double gain = value - metric.getAsDouble();
    double better = greaterIsBetter(arguments) ? gain : -gain;
    boolean patient = better > arguments.get(TrainingArguments.EARLY_STOPPING_THRESHOLD);
    int count = patient ? 0 : worse + 1;
    return better > 0
        ? new BestModel(evaluatedStep, OptionalDouble.of(value), count)
        : new BestModel(step, metric, count);
  }

  /** Whether the training ends early. */
  public boolean stops(Arguments arguments) {
    return arguments
        .get(TrainingArguments.EARLY_STOPPING_PATIENCE)
        .map(patience -> worse >= patience)
        .orElse(false);
  }
}
