package io.llmagentos.rl.env.wrapper;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.space.Box;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;

/** Shifts and scales every number of a Box observation to mean 0 and variance 1 over all that was seen so far. */
public final class NormalizeObservation<A> extends Wrapper<float[], A> {
  private final double epsilon;
  private final int width;
  private final RunningMeanStd statistics;
  private boolean update = true;

  public NormalizeObservation(ArrayEnv<float[], A> env) {
    this(env, 1e-8);
  }

  public NormalizeObservation(ArrayEnv<float[], A> env, double epsilon) {
    super(env, unbounded(env), env.actionSpace());
    this.epsilon = epsilon;
    this.width = env.observationSpace().flatdim();
    this.statistics = new RunningMeanStd(width, true);
  }

  private static Box unbounded(ArrayEnv<float[], ?> env) {
    Box box = BoxSpaces.require("NormalizeObservation", env.observationSpace());
    return Box.of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, box.shape());
  }

  /** Whether the statistics follow what is seen; an evaluation holds them still. */
  public void updateRunningMean(boolean follow) {
    update = follow;
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    Map<String, Object> info = env.reset(observation, offset);
    normalize(observation, offset);
    return info;
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    Map<String, Object> info = env.reset(seed, observation, offset);
    normalize(observation, offset);
    return info;
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    env.step(action, actionOffset, observation, observationOffset, outcome);
    normalize(observation, observationOffset);
  }

  private void normalize(float[] observation, int offset) {
    for (int i = 0; i < width; i++) {
      float value = observation[offset + i];
      if (update) {
        statistics.add(i, value);
      }
      observation[offset + i] = (float) statistics.standardised(i, value, epsilon);
    }
    if (update) {
      statistics.counted();
    }
  }

  @Override
  protected void write(DataOutput out) throws IOException {
    statistics.write(out);
    out.writeBoolean(update);
  }

  @Override
  protected void read(DataInput in) throws IOException {
    statistics.read(in);
    update = in.readBoolean();
  }
}
