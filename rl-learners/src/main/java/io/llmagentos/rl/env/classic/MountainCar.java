package io.llmagentos.rl.env.classic;

import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;

/**
 * Drive an underpowered car out of a valley: push left (0), not (1), right (2). State and observation: position, velocity. Reward -1 a step.
 *
 * <p>Moore, "Efficient Memory-based Learning for Robot Control", 1990.
 */
public final class MountainCar extends ClassicControl<Integer> {
  static final double MIN_POSITION = -1.2;
  static final double MAX_POSITION = 0.6;
  static final double MAX_SPEED = 0.07;
  private static final double GOAL_POSITION = 0.5;
  private static final double FORCE = 0.001;
  private static final double GRAVITY = 0.0025;

  private final double goalVelocity;

  public MountainCar(double goalVelocity) {
    super(space(), new Discrete(3), 2);
    this.goalVelocity = goalVelocity;
  }

  static Box space() {
    return Box.of(
        new float[] {(float) MIN_POSITION, (float) -MAX_SPEED},
        new float[] {(float) MAX_POSITION, (float) MAX_SPEED});
  }

  @Override
  void start(Generator random) {
    state[0] = random.uniform(-0.6, -0.4);
    state[1] = 0;
  }

  @Override
  public void observe(float[] observation, int offset) {
    observation[offset] = (float) state[0];
    observation[offset + 1] = (float) state[1];
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    double velocity =
        state[1] + ((action[actionOffset] - 1) * FORCE + Math.cos(3 * state[0]) * -GRAVITY);
    velocity = Math.clamp(velocity, -MAX_SPEED, MAX_SPEED);
    double position = Math.clamp(state[0] + velocity, MIN_POSITION, MAX_POSITION);
    if (position == MIN_POSITION && velocity < 0) {
      velocity = 0;
    }
    state[0] = position;
    state[1] = velocity;
    observe(observation, observationOffset);
    outcome.set(-1, position >= GOAL_POSITION && velocity >= goalVelocity, false);
  }
}
