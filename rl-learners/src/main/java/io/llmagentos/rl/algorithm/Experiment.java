package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A training as a file describes it: {@code type: rl/ppo}, {@code stop}, {@code checkpoint_config}, and the algorithm's settings.
 *
 * @param config what trains
 * @param stop when it ends
 */
public record Experiment(
    AlgorithmConfig<?> config, StopCriteria stop, CheckpointConfig checkpointConfig) {
  private static final String TYPE = "rl/";

  /** Keys that every job may have, whatever it does. */
  private static final List<String> OF_ANY_JOB = List.of("name", "priority", "max_failures");

  /** Reads such a file's map. Throws {@code SETTINGS_INVALID} or {@code SETTINGS_UNKNOWN_KEY}. */
  public static Experiment of(Map<String, ?> map) {
    Map<String, Object> settings = new LinkedHashMap<>(map);
    OF_ANY_JOB.forEach(settings::remove);
    Object type = settings.remove("type");
    if (!(type instanceof String text) || !text.startsWith(TYPE)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID, "type is " + type + ", must be rl/ and an algorithm", "type");
    }
    Object stop = settings.remove("stop");
    if (!(stop instanceof Map<?, ?> criteria) || criteria.isEmpty()) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "stop is " + stop + ", must be a map of metrics and numbers",
          "stop");
    }
    CheckpointConfig checkpoints = CheckpointConfig.of(settings.remove("checkpoint_config"));
    AlgorithmConfig<?> config =
        AlgorithmConfig.of(text.substring(TYPE.length())).with(settings);
    config.validate();
    return new Experiment(config, StopCriteria.of(criteria), checkpoints);
  }
}
