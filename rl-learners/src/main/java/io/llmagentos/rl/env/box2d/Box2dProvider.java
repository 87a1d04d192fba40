package io.llmagentos.rl.env.box2d;

import io.llmagentos.rl.env.registration.EnvProvider;
import io.llmagentos.rl.env.registration.EnvSpec;
import io.llmagentos.rl.env.registration.Kwargs;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Gymnasium's box2d, as far as it is here. */
public final class Box2dProvider implements EnvProvider {
  @Override
  public Collection<EnvSpec> environments() {
    return List.of(
        new EnvSpec("LunarLander-v3", Box2dProvider::lunarLander)
            .withMaxEpisodeSteps(1000)
            .withRewardThreshold(200)
            .withLooseBounds(), // it may climb or spin out of what Gymnasium declares
        new EnvSpec("LunarLanderContinuous-v3", Box2dProvider::lunarLander)
            .withKwargs(Map.of("continuous", true))
            .withMaxEpisodeSteps(1000)
            .withRewardThreshold(200)
            .withLooseBounds());
  }

  private static LunarLander<?> lunarLander(Kwargs kwargs) {
    double gravity = kwargs.number("gravity", -10);
    if (!(gravity > -12 && gravity < 0)) {
      throw kwargs.invalid("gravity", gravity, "between -12 and 0");
    }
    LunarLander.Options options = new LunarLander.Options(
        gravity,
        kwargs.flag("enable_wind", false),
        kwargs.number("wind_power", 15),
        kwargs.number("turbulence_power", 1.5));
    return kwargs.flag("continuous", false)
        ? LunarLander.continuous(options)
        : LunarLander.discrete(options);
  }
}
