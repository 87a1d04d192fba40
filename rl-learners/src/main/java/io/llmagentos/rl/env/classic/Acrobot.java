package io.llmagentos.rl.env.classic;

import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;

/**
 * Swing the free end of two links above a line by a torque of -1, 0 or 1 on the joint between them. State: both angles (0 hangs down, the second relative
 * to the first) and their velocities. Observation: cosine and sine of both angles, velocities. Reward -1 a step, 0 for the step that arrives.
 *
 * <p>Sutton, "Generalization in Reinforcement Learning: Successful Examples Using Sparse Coarse Coding", 1996; the book's equations. One step is 0.2 s by
 * one fourth-order Runge-Kutta step. Both links: length 1 m, mass 1 kg, centre of mass at 0.5 m, moment of inertia 1.
 */
public final class Acrobot extends ClassicControl<Integer> {
  private static final double SECONDS = 0.2;
  private static final double CENTRE = 0.5;
  private static final double GRAVITY = 9.8;
  private static final double MAX_VELOCITY_1 = 4 * Math.PI;
  private static final double MAX_VELOCITY_2 = 9 * Math.PI;

  private final double[] k1 = new double[4];
  private final double[] k2 = new double[4];
  private final double[] k3 = new double[4];
  private final double[] k4 = new double[4];
  private final double[] middle = new double[4];

  public Acrobot() {
    super(space(), new Discrete(3), 4);
  }

  private static Box space() {
    float first = (float) MAX_VELOCITY_1;
    float second = (float) MAX_VELOCITY_2;
    return Box.of(
        new float[] {-1, -1, -1, -1, -first, -second}, new float[] {1, 1, 1, 1, first, second});
  }

  @Override
  void start(Generator random) {
    for (int i = 0; i < 4; i++) {
      state[i] = (float) random.uniform(-0.1, 0.1);
    }
  }

  @Override
  public void observe(float[] observation, int offset) {
    observation[offset] = (float) Math.cos(state[0]);
    observation[offset + 1] = (float) Math.sin(state[0]);
    observation[offset + 2] = (float) Math.cos(state[1]);
    observation[offset + 3] = (float) Math.sin(state[1]);
    observation[offset + 4] = (float) state[2];
    observation[offset + 5] = (float) state[3];
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    double torque = action[actionOffset] - 1;
    derivative(state, torque, k1);
    derivative(along(k1, SECONDS / 2), torque, k2);
    derivative(along(k2, SECONDS / 2), torque, k3);
    derivative(along(k3, SECONDS), torque, k4);
    for (int i = 0; i < 4; i++) {
      state[i] += SECONDS / 6.0 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
    }
    state[0] = wrapped(state[0]);
    state[1] = wrapped(state[1]);
    state[2] = Math.clamp(state[2], -MAX_VELOCITY_1, MAX_VELOCITY_1);
    state[3] = Math.clamp(state[3], -MAX_VELOCITY_2, MAX_VELOCITY_2);
    observe(observation, observationOffset);
    boolean arrived = -Math.cos(state[0]) - Math.cos(state[1] + state[0]) > 1.0;
    outcome.set(arrived ? 0 : -1, arrived, false);
  }

  private double[] along(double[] slope, double seconds) {
    for (int i = 0; i < 4; i++) {
      middle[i] = state[i] + seconds * slope[i];
    }
    return middle;
  }

  private static void derivative(double[] s, double torque, double[] out) {
    double velocity1 = s[2];
    double velocity2 = s[3];
    double cos2 = Math.cos(s[1]);
    double sin2 = Math.sin(s[1]);
    double d1 = CENTRE * CENTRE + (1 + CENTRE * CENTRE + 2 * CENTRE * cos2) + 1 + 1;
    double d2 = (CENTRE * CENTRE + CENTRE * cos2) + 1;
    double phi2 = CENTRE * GRAVITY * Math.cos(s[0] + s[1] - Math.PI / 2.0);
    double phi1 = -CENTRE * (velocity2 * velocity2) * sin2
        - 2 * CENTRE * velocity2 * velocity1 * sin2
        + (CENTRE + 1) * GRAVITY * Math.cos(s[0] - Math.PI / 2)
        + phi2;
    double acceleration2 =
        (torque + d2 / d1 * phi1 - CENTRE * (velocity1 * velocity1) * sin2 - phi2)
            / (CENTRE * CENTRE + 1 - d2 * d2 / d1);
    out[0] = velocity1;
    out[1] = velocity2;
    out[2] = -(d2 * acceleration2 + phi1) / d1;
    out[3] = acceleration2;
  }

  /** Into [-pi, pi]. */
  private static double wrapped(double angle) {
    double inside = angle;
    while (inside > Math.PI) {
      inside -= 2 * Math.PI;
    }
    while (inside < -Math.PI) {
      inside += 2 * Math.PI;
    }
    return inside;
  }
}
