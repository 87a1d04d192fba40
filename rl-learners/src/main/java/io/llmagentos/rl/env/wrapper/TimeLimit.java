package io.llmagentos.rl.env.wrapper;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;

/** Truncates an episode after {@code maxEpisodeSteps} steps. */
public final class TimeLimit<O, A> extends Wrapper<O, A> {
  private final int maxEpisodeSteps;
  private int elapsed;

  public TimeLimit(ArrayEnv<O, A> env, int maxEpisodeSteps) {
    super(env);
    if (maxEpisodeSteps < 1) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "max_episode_steps is " + maxEpisodeSteps + ", must be at least 1",
          "max_episode_steps");
    }
    this.maxEpisodeSteps = maxEpisodeSteps;
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    elapsed = 0;
    return env.reset(observation, offset);
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    elapsed = 0;
    return env.reset(seed, observation, offset);
  }

  @Override
  public boolean expect(float[] action, int offset) {
    return env.expect(action, offset);
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    env.step(action, actionOffset, observation, observationOffset, outcome);
    elapsed++;
    outcome.truncated |= elapsed >= maxEpisodeSteps;
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
