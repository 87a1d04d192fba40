package io.llmagentos.rl.env.classic;

import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Box;

/**
 * Swing a pendulum up and hold it, by a torque in [-2, 2]; a larger one is clipped. State: angle (0 is up, not wrapped), angular velocity. Observation:
 * cosine, sine, angular velocity. Reward: -(angle^2 + 0.1 velocity^2 + 0.001 torque^2). Never terminates.
 */
public final class Pendulum extends ClassicControl<float[]> {
  private static final double MAX_SPEED = 8;
  private static final float MAX_TORQUE = 2;
  private static final double SECONDS = 0.05;

  private final double gravity;

  /** @param gravity in m/s^2 */
  public Pendulum(double gravity) {
    super(
        Box.of(new float[] {-1, -1, (float) -MAX_SPEED}, new float[] {1, 1, (float) MAX_SPEED}),
        Box.of(-MAX_TORQUE, MAX_TORQUE, 1),
        2);
    this.gravity = gravity;
  }

  @Override
  void start(Generator random) {
    state[0] = random.uniform(-Math.PI, Math.PI);
    state[1] = random.uniform(-1, 1);
  }

  @Override
  public void observe(float[] observation, int offset) {
    observation[offset] = (float) Math.cos(state[0]);
    observation[offset + 1] = (float) Math.sin(state[0]);
    observation[offset + 2] = (float) state[1];
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    double angle = state[0];
    double velocity = state[1];
    float torque = Math.clamp(action[actionOffset], -MAX_TORQUE, MAX_TORQUE);
    double wrapped = wrapped(angle);
    double cost = wrapped * wrapped + 0.1 * (velocity * velocity) + 0.001f * (torque * torque);
    double next = velocity + (3 * gravity / 2 * Math.sin(angle) + 3.0f * torque) * SECONDS;
    next = Math.clamp(next, -MAX_SPEED, MAX_SPEED);
    state[0] = angle + next * SECONDS;
    state[1] = next;
    observe(observation, observationOffset);
    outcome.set(-cost, false, false);
  }

  /** Into [-pi, pi). */
  private static double wrapped(double angle) {
    double turn = 2 * Math.PI;
    double rest = (angle + Math.PI) % turn;
    return (rest < 0 ? rest + turn : rest) - Math.PI;
  }
}
