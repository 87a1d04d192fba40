package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * When training ends: as soon as one of the metrics of a result has reached its number, as RLlib's {@code stop}.
 *
 * @param thresholds by the metric's name in a result
 */
public record StopCriteria(Map<String, Double> thresholds) {
  private static final Set<String> GROWING =
      Set.of("training_iteration", "num_env_steps_sampled_lifetime", "time_total_s");

  public StopCriteria {
    thresholds = Map.copyOf(thresholds);
  }

  /** As files say it. Throws {@code SETTINGS_INVALID}. */
  static StopCriteria of(Map<?, ?> map) {
    Map<String, Double> thresholds = new TreeMap<>();
    map.forEach((name, value) -> {
      if (!(value instanceof Number number)) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            "stop." + name + " is " + value + ", must be a number",
            "stop");
      }
      thresholds.put(String.valueOf(name), number.doubleValue());
    });
    return new StopCriteria(thresholds);
  }

  /** How far a run is on its way to its nearest limit of steps, iterations or time, 0 to 1; -1 where none is set. */
  public double progress(Map<String, Number> result) {
    double progress = -1;
    for (Map.Entry<String, Double> threshold : thresholds.entrySet()) {
      Number value = result.get(threshold.getKey());
      if (value != null && GROWING.contains(threshold.getKey()) && threshold.getValue() > 0) {
        progress = Math.max(progress, Math.min(1, value.doubleValue() / threshold.getValue()));
      }
    }
    return progress;
  }

  public boolean reached(Map<String, Number> result) {
    for (Map.Entry<String, Double> threshold : thresholds.entrySet()) {
      Number value = result.get(threshold.getKey());
      if (value != null && value.doubleValue() >= threshold.getValue()) {
        return true;
      }
    }
    return false;
  }
}
