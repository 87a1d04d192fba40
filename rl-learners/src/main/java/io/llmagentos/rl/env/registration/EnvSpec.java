package io.llmagentos.rl.env.registration;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * What an id stands for ({@code gymnasium.envs.registration.EnvSpec}).
 *
 * @param id {@code [namespace/]Name-vN}
 * @param maxEpisodeSteps where a {@code TimeLimit} cuts, empty if nowhere
 * @param rewardThreshold the mean return at which it counts as solved
 * @param kwargs options that are set unless the caller sets them
 * @param looseBounds whether observations may leave the bounds of their declared Box; if not, one that does is the environment's failure
 */
public record EnvSpec(
    String id,
    EnvFactory factory,
    OptionalInt maxEpisodeSteps,
    OptionalDouble rewardThreshold,
    Map<String, Object> kwargs,
    boolean looseBounds) {
  private static final Pattern ID = Pattern.compile("(?:[\\w:-]+/)?([\\w:.-]+?)-v(\\d+)");

  public EnvSpec {
    kwargs = Map.copyOf(kwargs);
    if (!ID.matcher(id).matches()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "the environment id '" + id + "' must look like [namespace/]Name-v0");
    }
    maxEpisodeSteps.ifPresent(steps -> {
      if (steps < 1) {
        throw new AgentOsException(
            ErrorCode.INVALID_REQUEST,
            id + ": max_episode_steps is " + steps + ", must be at least 1",
            "max_episode_steps");
      }
    });
  }

  /** No time limit, no threshold, no preset options. */
  public EnvSpec(String id, EnvFactory factory) {
    this(id, factory, OptionalInt.empty(), OptionalDouble.empty(), Map.of(), false);
  }

  public EnvSpec withMaxEpisodeSteps(int steps) {
    return new EnvSpec(id, factory, OptionalInt.of(steps), rewardThreshold, kwargs, looseBounds);
  }

  public EnvSpec withRewardThreshold(double threshold) {
    return new EnvSpec(
        id, factory, maxEpisodeSteps, OptionalDouble.of(threshold), kwargs, looseBounds);
  }

  public EnvSpec withKwargs(Map<String, Object> preset) {
    return new EnvSpec(id, factory, maxEpisodeSteps, rewardThreshold, preset, looseBounds);
  }

  public EnvSpec withLooseBounds() {
    return new EnvSpec(id, factory, maxEpisodeSteps, rewardThreshold, kwargs, true);
  }

  /** The id without its version. */
  public String name() {
    return nameOf(id);
  }

  static String nameOf(String id) {
    int version = id.lastIndexOf("-v");
    return version > 0 && id.substring(version + 2).chars().allMatch(Character::isDigit)
        ? id.substring(0, version)
        : id;
  }
}
