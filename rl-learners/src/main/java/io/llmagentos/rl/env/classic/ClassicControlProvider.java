package io.llmagentos.rl.env.classic;

import io.llmagentos.rl.env.registration.EnvProvider;
import io.llmagentos.rl.env.registration.EnvSpec;
import java.util.Collection;
import java.util.List;

/** Gymnasium's classic control, with its versions, limits and thresholds. */
public final class ClassicControlProvider implements EnvProvider {
  @Override
  public Collection<EnvSpec> environments() {
    return List.of(
        new EnvSpec(
                "CartPole-v1", kwargs -> new CartPole(kwargs.flag("sutton_barto_reward", false)))
            .withMaxEpisodeSteps(500)
            .withRewardThreshold(475),
        new EnvSpec("MountainCar-v0", kwargs -> new MountainCar(kwargs.number("goal_velocity", 0)))
            .withMaxEpisodeSteps(200)
            .withRewardThreshold(-110),
        new EnvSpec(
                "MountainCarContinuous-v0",
                kwargs -> new MountainCarContinuous(kwargs.number("goal_velocity", 0)))
            .withMaxEpisodeSteps(999)
            .withRewardThreshold(90),
        new EnvSpec("Pendulum-v1", kwargs -> new Pendulum(kwargs.number("g", 10)))
            .withMaxEpisodeSteps(200),
        new EnvSpec("Acrobot-v1", kwargs -> new Acrobot())
            .withMaxEpisodeSteps(500)
            .withRewardThreshold(-100));
  }
}
