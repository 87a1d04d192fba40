package io.llmagentos.rl.env.wrapper;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.space.Box;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/** Flattens the observation and appends the number of steps taken, or with {@code normalizeTime} its share of the longest episode. */
public final class TimeAwareObservation<A> extends Wrapper<float[], A> {
  private final int maxEpisodeSteps;
  private final boolean normalizeTime;
  private final int width;
  private int elapsed;

  /** @param maxEpisodeSteps the environment's time limit */
  public TimeAwareObservation(ArrayEnv<?, A> env, int maxEpisodeSteps, boolean normalizeTime) {
    super(env, space(env, normalizeTime ? 1 : maxEpisodeSteps), env.actionSpace());
    this.maxEpisodeSteps = maxEpisodeSteps;
    this.normalizeTime = normalizeTime;
    this.width = env.observationSpace().flatdim();
  }

  private static Box space(ArrayEnv<?, ?> env, float maxTime) {
    Box inner = FlattenObservation.flat(env.observationSpace());
    float[] low = Arrays.copyOf(inner.low(), inner.flatdim() + 1);
    float[] high = Arrays.copyOf(inner.high(), inner.flatdim() + 1);
    high[high.length - 1] = maxTime;
    return Box.of(low, high);
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    elapsed = 0;
    Map<String, Object> info = env.reset(observation, offset);
    append(observation, offset);
    return info;
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    elapsed = 0;
    Map<String, Object> info = env.reset(seed, observation, offset);
    append(observation, offset);
    return info;
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    elapsed++;
    env.step(action, actionOffset, observation, observationOffset, outcome);
    append(observation, observationOffset);
  }

  private void append(float[] observation, int offset) {
    observation[offset + width] =
        normalizeTime ? (float) ((double) elapsed / maxEpisodeSteps) : elapsed;
  }

  @Override
  protected void write(DataOutput out) throws IOException {
    out.writeInt(elapsed);
  }

  @Override
  protected void read(DataInput in) throws IOException {
    elapsed = in.readInt();
  }
}
