package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;

/** Noise on actions in [-1, 1], for policies that do not explore by themselves. */
public sealed interface ActionNoise {
  /**
   * Adds noise to {@code action[at ..]} and keeps it in [-1, 1].
   *
   * @param state what the noise remembers, as wide as the action, zero at the start of an episode
   */
  void add(Generator random, float[] state, float[] action, int at, int width);

  /** Independent normal numbers. */
  record Gaussian(double deviation) implements ActionNoise {
    @Override
    public void add(Generator random, float[] state, float[] action, int at, int width) {
      for (int i = at; i < at + width; i++) {
        action[i] = clip(action[i] + deviation * random.standardNormal());
      }
    }
  }

  /** An Ornstein-Uhlenbeck process with mean 0: x += -theta x dt + sigma sqrt(dt) N(0, 1) (Lillicrap et al. 2016; dt = 1e-2). */
  record OrnsteinUhlenbeck(double sigma, double theta) implements ActionNoise {
    private static final double DT = 1e-2;

    @Override
    public void add(Generator random, float[] state, float[] action, int at, int width) {
      for (int i = 0; i < width; i++) {
        state[i] +=
            (float) (-theta * state[i] * DT + sigma * Math.sqrt(DT) * random.standardNormal());
        action[at + i] = clip(action[at + i] + state[i]);
      }
    }
  }

  private static float clip(double action) {
    return (float) Math.clamp(action, -1, 1);
  }
}
