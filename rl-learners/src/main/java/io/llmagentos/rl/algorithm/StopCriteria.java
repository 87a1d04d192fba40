package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.util.List;
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

  /** Metrics of a result beside those that a learner has of its own. */
  private static final List<String> KNOWN = List.of(
      "training_iteration",
      "num_env_steps_sampled_lifetime",
      "time_total_s",
      "time_this_iter_s",
      "env_runners/num_env_steps_sampled",
      "env_runners/num_episodes_lifetime",
      "env_runners/episode_return_mean",
      "env_runners/episode_return_min",
      "env_runners/episode_return_max",
      "env_runners/episode_len_mean");

  private static final String LEARNERS = "learners/default_policy/";
  private static final String EVALUATION = "evaluation/";

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
      thresholds.put(known(String.valueOf(name)), number.doubleValue());
    });
    return new StopCriteria(thresholds);
  }

  private static String known(String name) {
    String metric = name.startsWith(EVALUATION) ? name.substring(EVALUATION.length()) : name;
    if (!name.startsWith(LEARNERS) && !KNOWN.contains(metric)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "stop has the metric " + name + ", which no result has"
              + Settings.nearest(name, KNOWN)
                  .map(known -> "; did you mean " + known + "?")
                  .orElse(""),
          "stop");
    }
    return name;
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
