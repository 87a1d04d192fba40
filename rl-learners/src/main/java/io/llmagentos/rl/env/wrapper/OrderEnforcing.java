package io.llmagentos.rl.env.wrapper;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.EnvFault;
import io.llmagentos.rl.env.Outcome;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;

/** Refuses a step before the first reset and a step after the end of an episode. */
public final class OrderEnforcing<O, A> extends Wrapper<O, A> {
  private final String id;
  private boolean begun;
  private boolean ended;

  /** @param id names the environment in errors */
  public OrderEnforcing(ArrayEnv<O, A> env, String id) {
    super(env);
    this.id = id;
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    Map<String, Object> info = env.reset(observation, offset);
    begin();
    return info;
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    Map<String, Object> info = env.reset(seed, observation, offset);
    begin();
    return info;
  }

  private void begin() {
    begun = true;
    ended = false;
  }

  @Override
  public boolean expect(float[] action, int offset) {
    checkOrder();
    return env.expect(action, offset);
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    checkOrder();
    env.step(action, actionOffset, observation, observationOffset, outcome);
    ended = outcome.terminated || outcome.truncated;
  }

  private void checkOrder() {
    if (!begun || ended) {
      throw EnvFault.stepWithoutReset(id, begun ? "the episode has ended" : "no episode has begun");
    }
  }

  @Override
  protected void write(DataOutput out) throws IOException {
    out.writeBoolean(begun);
    out.writeBoolean(ended);
  }

  @Override
  protected void read(DataInput in) throws IOException {
    begun = in.readBoolean();
    ended = in.readBoolean();
  }
}
