package io.llmagentos.rl.env.classic;

import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Box;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * {@link MountainCar} with a force in [-1, 1]. Reward: -0.1 force^2 a step, +100 at the goal. Gymnasium keeps the state in float32 after the first step
 * and computes in float32 from then on; so does this.
 */
public final class MountainCarContinuous extends ClassicControl<float[]> {
  private static final double GOAL_POSITION = 0.45;
  private static final double POWER = 0.0015;
  private static final double GRAVITY = 0.0025;

  private final double goalVelocity;
  private boolean single;

  public MountainCarContinuous(double goalVelocity) {
    super(MountainCar.space(), Box.of(-1, 1, 1), 2);
    this.goalVelocity = goalVelocity;
  }

  @Override
  void start(Generator random) {
    state[0] = random.uniform(-0.6, -0.4);
    state[1] = 0;
    single = false;
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
    float force = action[actionOffset];
    double slope = GRAVITY * Math.cos(rounded(3 * state[0]));
    double push = force > 1 || force < -1
        ? Math.clamp(force, -1, 1) * POWER - slope
        : force * (float) POWER - (float) slope;
    double maxSpeed = rounded(MountainCar.MAX_SPEED);
    double velocity = Math.clamp(rounded(state[1] + rounded(push)), -maxSpeed, maxSpeed);
    double minPosition = rounded(MountainCar.MIN_POSITION);
    double position =
        Math.clamp(rounded(state[0] + velocity), minPosition, rounded(MountainCar.MAX_POSITION));
    if (position == minPosition && velocity < 0) {
      velocity = 0;
    }
    boolean terminated = position >= rounded(GOAL_POSITION) && velocity >= goalVelocity;
    single = true;
    state[0] = rounded(position);
    state[1] = rounded(velocity);
    observe(observation, observationOffset);
    outcome.set((terminated ? 100.0 : 0) - (double) force * force * 0.1, terminated, false);
  }

  private double rounded(double number) {
    return single ? (float) number : number;
  }

  @Override
  void write(DataOutput out) throws IOException {
    out.writeBoolean(single);
  }

  @Override
  void read(DataInput in) throws IOException {
    single = in.readBoolean();
  }
}
