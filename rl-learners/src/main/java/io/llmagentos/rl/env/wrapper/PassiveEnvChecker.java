package io.llmagentos.rl.env.wrapper;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.EnvFault;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import java.util.Arrays;
import java.util.Map;

/**
 * Refuses an action outside its space, an observation outside its declared space and a reward that is not finite, at every step; what the environment throws
 * is its failure. Where the bounds of the
 * observation are loose, only what is no number is refused.
 */
public final class PassiveEnvChecker<O, A> extends Wrapper<O, A> {
  private final String id;
  private final int width;
  private final boolean looseBounds;

  /** @param id names the environment in errors */
  public PassiveEnvChecker(ArrayEnv<O, A> env, String id, boolean looseBounds) {
    super(env);
    this.id = id;
    this.looseBounds = looseBounds;
    this.width = env.observationSpace().flatdim();
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    Map<String, Object> info;
    try {
      info = env.reset(observation, offset);
    } catch (RuntimeException e) {
      throw EnvFault.threw(id, "reset", e);
    }
    checkObservation(observation, offset);
    return info;
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    Map<String, Object> info;
    try {
      info = env.reset(seed, observation, offset);
    } catch (RuntimeException e) {
      throw EnvFault.threw(id, "reset", e);
    }
    checkObservation(observation, offset);
    return info;
  }

  @Override
  public boolean expect(float[] action, int offset) {
    checkAction(action, offset);
    return env.expect(action, offset);
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    checkAction(action, actionOffset);
    try {
      env.step(action, actionOffset, observation, observationOffset, outcome);
    } catch (RuntimeException e) {
      throw EnvFault.threw(id, "step", e);
    }
    checkObservation(observation, observationOffset);
    if (!Double.isFinite(outcome.reward)) {
      throw EnvFault.rewardNotFinite(id, outcome.reward);
    }
  }

  private void checkAction(float[] action, int offset) {
    Space<A> space = actionSpace();
    if (space instanceof Discrete discrete) {
      if (!discrete.contains(action[offset])) {
        throw EnvFault.actionOutside(id, space, action[offset]);
      }
    } else if (space instanceof Box box
        ? !box.contains(action, offset)
        : !isValue(action, offset)) {
      throw EnvFault.actionOutside(
          id, space, Arrays.copyOfRange(action, offset, offset + space.width()));
    }
  }

  /** Whether the numbers are a value of the action space, and are it exactly. */
  private boolean isValue(float[] action, int offset) {
    Space<A> space = actionSpace();
    A value = space.decode(action, offset);
    float[] again = new float[space.width()];
    space.encode(value, again, 0);
    return space.contains(value)
        && Arrays.equals(again, 0, again.length, action, offset, offset + again.length);
  }

  private void checkObservation(float[] observation, int offset) {
    if (observationSpace() instanceof Box box
        && !(looseBounds ? isNumber(observation, offset) : box.contains(observation, offset))) {
      throw EnvFault.observationOutside(
          id, box, Arrays.copyOfRange(observation, offset, offset + width));
    }
  }

  private boolean isNumber(float[] observation, int offset) {
    for (int i = 0; i < width; i++) {
      if (Float.isNaN(observation[offset + i])) {
        return false;
      }
    }
    return true;
  }
}
