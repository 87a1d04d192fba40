package io.llmagentos.rl.env.toytext;

import io.llmagentos.rl.env.registration.EnvProvider;
import io.llmagentos.rl.env.registration.EnvSpec;
import io.llmagentos.rl.env.registration.Kwargs;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Gymnasium's toy text, with its versions, limits and thresholds, and a toy of RLlib's. */
public final class ToyTextProvider implements EnvProvider {
  private static final Map<String, List<String>> MAPS = Map.of(
      "4x4", List.of("SFFF", "FHFH", "FFFH", "HFFG"),
      "8x8",
          List.of(
              "SFFFFFFF",
              "FFFFFFFF",
              "FFFHFFFF",
              "FFFFFHFF",
              "FFFHFFFF",
              "FHHFFFHF",
              "FHFFHFHF",
              "FFFHFFFG"));

  @Override
  public Collection<EnvSpec> environments() {
    return List.of(
        new EnvSpec("FrozenLake-v1", ToyTextProvider::frozenLake)
            .withMaxEpisodeSteps(100)
            .withRewardThreshold(0.7),
        new EnvSpec("FrozenLake8x8-v1", ToyTextProvider::frozenLake)
            .withKwargs(Map.of("map_name", "8x8"))
            .withMaxEpisodeSteps(200)
            .withRewardThreshold(0.85),
        new EnvSpec("CliffWalking-v1", ToyTextProvider::cliffWalking),
        new EnvSpec("CliffWalkingSlippery-v1", ToyTextProvider::cliffWalking)
            .withKwargs(Map.of("is_slippery", true)),
        new EnvSpec("Taxi-v4", ToyTextProvider::taxi)
            .withMaxEpisodeSteps(200)
            .withRewardThreshold(8),
        new EnvSpec(
                "Blackjack-v1",
                kwargs -> new Blackjack(kwargs.flag("natural", false), kwargs.flag("sab", false)))
            .withKwargs(Map.of("sab", true, "natural", false)),
        new EnvSpec("rllib/RepeatAfterMe-v0", ToyTextProvider::repeatAfterMe)
            .withMaxEpisodeSteps(100));
  }

  private static RepeatAfterMe repeatAfterMe(Kwargs kwargs) {
    int delay = kwargs.integer("repeat_delay", 1);
    if (delay < 1) {
      throw kwargs.invalid("repeat_delay", delay, "an integer of at least 1");
    }
    return new RepeatAfterMe(delay);
  }

  private static FrozenLake frozenLake(Kwargs kwargs) {
    List<String> desc = kwargs.texts("desc");
    String name = kwargs.text("map_name", "4x4");
    List<String> map = desc.isEmpty() ? MAPS.get(name) : desc;
    if (map == null) {
      throw kwargs.invalid("map_name", name, "one of 4x4, 8x8");
    }
    double[] rewards = kwargs.numbers("reward_schedule", 1, 0, 0);
    if (rewards.length != 3) {
      throw kwargs.invalid("reward_schedule", rewards.length + " numbers", "3: goal, hole, frozen");
    }
    return new FrozenLake(
        map,
        kwargs.flag("is_slippery", true),
        kwargs.number("success_rate", 1.0 / 3.0),
        new FrozenLake.RewardSchedule(rewards[0], rewards[1], rewards[2]));
  }

  private static CliffWalking cliffWalking(Kwargs kwargs) {
    return new CliffWalking(kwargs.flag("is_slippery", false));
  }

  private static Taxi taxi(Kwargs kwargs) {
    return new Taxi(
        kwargs.flag("is_rainy", false),
        probability(kwargs, "rainy_probability", 0.8),
        kwargs.flag("fickle_passenger", false),
        probability(kwargs, "fickle_probability", 0.3));
  }

  private static double probability(Kwargs kwargs, String name, double otherwise) {
    double value = kwargs.number(name, otherwise);
    if (!(value >= 0 && value <= 1)) {
      throw kwargs.invalid(name, value, "in [0, 1]");
    }
    return value;
  }
}
