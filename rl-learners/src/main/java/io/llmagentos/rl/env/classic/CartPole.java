package io.llmagentos.rl.env.classic;

import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;

/**
 * Balance a pole on a cart that is pushed left (0) or right (1). State and observation: position, velocity, angle, angular velocity. Reward 1 a step;
 * with {@code sutton_barto_reward} 0, and -1 for the step that drops the pole.
 *
 * <p>Barto, Sutton, Anderson, "Neuronlike Adaptive Elements That Can Solve Difficult Learning Control Problem", 1983.
 */
public final class CartPole extends ClassicControl<Integer> {
  private static final double GRAVITY = 9.8;
  private static final double POLE_MASS = 0.1;
  private static final double TOTAL_MASS = POLE_MASS + 1.0;
  private static final double HALF_LENGTH = 0.5;
  private static final double POLE_MASS_LENGTH = POLE_MASS * HALF_LENGTH;
  private static final double FORCE = 10.0;
  private static final double SECONDS = 0.02;
  private static final double ANGLE_LIMIT = 12 * 2 * Math.PI / 360;
  private static final double POSITION_LIMIT = 2.4;

  private final boolean suttonBartoReward;

  public CartPole(boolean suttonBartoReward) {
    super(space(), new Discrete(2), 4);
    this.suttonBartoReward = suttonBartoReward;
  }

  private static Box space() {
    float position = (float) (POSITION_LIMIT * 2);
    float angle = (float) (ANGLE_LIMIT * 2);
    float any = Float.POSITIVE_INFINITY;
    return Box.of(
        new float[] {-position, -any, -angle, -any}, new float[] {position, any, angle, any});
  }

  @Override
  void start(Generator random) {
    for (int i = 0; i < 4; i++) {
      state[i] = random.uniform(-0.05, 0.05);
    }
  }

  @Override
  public void observe(float[] observation, int offset) {
    for (int i = 0; i < 4; i++) {
      observation[offset + i] = (float) state[i];
    }
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    double position = state[0];
    double velocity = state[1];
    double angle = state[2];
    double angularVelocity = state[3];
    double force = action[actionOffset] == 1 ? FORCE : -FORCE;
    double cos = Math.cos(angle);
    double sin = Math.sin(angle);
    double push =
        (force + POLE_MASS_LENGTH * (angularVelocity * angularVelocity) * sin) / TOTAL_MASS;
    double angularAcceleration = (GRAVITY * sin - cos * push)
        / (HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (cos * cos) / TOTAL_MASS));
    double acceleration = push - POLE_MASS_LENGTH * angularAcceleration * cos / TOTAL_MASS;
    position += SECONDS * velocity;
    velocity += SECONDS * acceleration;
    angle += SECONDS * angularVelocity;
    angularVelocity += SECONDS * angularAcceleration;
    state[0] = position;
    state[1] = velocity;
    state[2] = angle;
    state[3] = angularVelocity;
    observe(observation, observationOffset);
    boolean fallen = position < -POSITION_LIMIT
        || position > POSITION_LIMIT
        || angle < -ANGLE_LIMIT
        || angle > ANGLE_LIMIT;
    outcome.set(suttonBartoReward ? (fallen ? -1 : 0) : 1, fallen, false);
  }
}
