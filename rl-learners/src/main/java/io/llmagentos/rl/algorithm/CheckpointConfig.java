package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When a run saves itself, in the words of Ray's {@code CheckpointConfig}; the end of a run is always saved.
 *
 * @param checkpointFrequency iterations between checkpoints; 0: the end alone
 * @param numToKeep the latest ones that are kept
 */
public record CheckpointConfig(int checkpointFrequency, int numToKeep) {
  private static final String FREQUENCY = "checkpoint_frequency";
  private static final String KEEP = "num_to_keep";
  private static final CheckpointConfig DEFAULT = new CheckpointConfig(10, 2);

  /** As a file says it; null: the default. */
  static CheckpointConfig of(@Nullable Object value) {
    if (value == null) {
      return DEFAULT;
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "checkpoint_config is " + value + ", must be a map of " + FREQUENCY + " and " + KEEP,
          "checkpoint_config");
    }
    for (Object key : map.keySet()) {
      if (!List.of(FREQUENCY, KEEP).contains(String.valueOf(key))) {
        String nearest = Settings.nearest(String.valueOf(key), List.of(FREQUENCY, KEEP))
            .map(name -> "; did you mean " + name + "?")
            .orElse("");
        throw new AgentOsException(
            ErrorCode.SETTINGS_UNKNOWN_KEY,
            "checkpoint_config has no setting " + key + nearest,
            "checkpoint_config." + key);
      }
    }
    return new CheckpointConfig(
        whole(map.get(FREQUENCY), FREQUENCY, 0, DEFAULT.checkpointFrequency),
        whole(map.get(KEEP), KEEP, 1, DEFAULT.numToKeep));
  }

  private static int whole(@Nullable Object value, String key, int minimum, int otherwise) {
    if (value == null) {
      return otherwise;
    }
    if (!(value instanceof Integer number) || number < minimum) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "checkpoint_config." + key + " is " + value + ", must be a whole number from " + minimum,
          "checkpoint_config." + key);
    }
    return number;
  }
}
