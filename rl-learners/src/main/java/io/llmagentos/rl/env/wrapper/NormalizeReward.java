package io.llmagentos.rl.env.wrapper;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Divides rewards by the standard deviation of the discounted return so far. The return goes on over a truncation, not over a terminal state. */
public final class NormalizeReward<O, A> extends Wrapper<O, A> {
  private final double gamma;
  private final double epsilon;
  private final RunningMeanStd statistics = new RunningMeanStd(1, false);
  private double discountedReward;
  private boolean update = true;

  public NormalizeReward(ArrayEnv<O, A> env) {
    this(env, 0.99, 1e-8);
  }

  public NormalizeReward(ArrayEnv<O, A> env, double gamma, double epsilon) {
    super(env);
    this.gamma = gamma;
    this.epsilon = epsilon;
  }

  /** Whether the statistics follow what is seen; an evaluation holds them still. */
  public void updateRunningMean(boolean follow) {
    update = follow;
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    env.step(action, actionOffset, observation, observationOffset, outcome);
    discountedReward = discountedReward * gamma * (outcome.terminated ? 0 : 1) + outcome.reward;
    if (update) {
      statistics.add(0, discountedReward);
      statistics.counted();
    }
    outcome.reward /= statistics.deviation(0, epsilon);
  }

  @Override
  protected void write(DataOutput out) throws IOException {
    statistics.write(out);
    out.writeDouble(discountedReward);
    out.writeBoolean(update);
  }

  @Override
  protected void read(DataInput in) throws IOException {
    statistics.read(in);
    discountedReward = in.readDouble();
    update = in.readBoolean();
  }
}
