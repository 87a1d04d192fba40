package io.llmagentos.rl.algorithm;

import java.util.Map;
import java.util.Objects;

/** Reads the results of training. */
final class Results {
  private Results() {}

  static double episodeReturnMean(Map<String, Number> result) {
    return number(result, "env_runners/episode_return_mean");
  }

  static long steps(Map<String, Number> result) {
    return (long) number(result, "num_env_steps_sampled_lifetime");
  }

  static double number(Map<String, Number> result, String name) {
    return Objects.requireNonNull(result.get(name), name).doubleValue();
  }
}
