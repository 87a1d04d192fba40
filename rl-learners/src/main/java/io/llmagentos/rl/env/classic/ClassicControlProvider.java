package io.llmagentos.rl.env.classic;

import io.llmagentos.rl.env.registration.EnvProvider;
import io.llmagentos.rl.env.registration.EnvSpec;
import java.util.Collection;
import java.util.List;

/** Gymnasium's classic control, with its versions, limits and thresholds. */
public final class ClassicControlProvider implements EnvProvider {
  @Override
  public Collection<EnvSpec> environments() {
    return List.of(new EnvSpec(
            "CartPole-v1", kwargs -> new CartPole(kwargs.flag("sutton_barto_reward", false)))
        .withMaxEpisodeSteps(500)
        .withRewardThreshold(475));
  }
}
