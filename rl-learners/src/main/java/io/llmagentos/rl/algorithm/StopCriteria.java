package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.Map;
import java.util.TreeMap;

/**
 * When training ends: as soon as one of the metrics of a result has reached its number, as RLlib's {@code stop}.
 *
 * @param thresholds by the metric's name in a result
 */
public record StopCriteria(Map<String, Double> thresholds) {
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
