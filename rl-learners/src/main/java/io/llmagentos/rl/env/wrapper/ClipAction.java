package io.llmagentos.rl.env.wrapper;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.space.Box;

/** Takes any Box action and clips it to the environment's bounds. NaN stays NaN, and the environment refuses it. */
public final class ClipAction<O> extends Wrapper<O, float[]> {
  private final Box bounds;
  private final float[] clipped;

  public ClipAction(ArrayEnv<O, float[]> env) {
    super(env, env.observationSpace(), unbounded(env));
    this.bounds = BoxSpaces.require("ClipAction", env.actionSpace());
    this.clipped = new float[bounds.width()];
  }

  private static Box unbounded(ArrayEnv<?, float[]> env) {
    Box box = BoxSpaces.require("ClipAction", env.actionSpace());
    return Box.of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, box.shape());
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    for (int i = 0; i < clipped.length; i++) {
      clipped[i] = Math.min(Math.max(action[actionOffset + i], bounds.low(i)), bounds.high(i));
    }
    env.step(clipped, 0, observation, observationOffset, outcome);
  }
}
