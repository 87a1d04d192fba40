package io.llmagentos.rl.env.wrapper;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.space.Box;

/** Takes Box actions in [minAction, maxAction] and maps them linearly onto the environment's bounds, which must be finite. */
public final class RescaleAction<O> extends Wrapper<O, float[]> {
  private final float[] gradient;
  private final float[] intercept;
  private final float[] rescaled;
  private final Box bounds;

  public RescaleAction(ArrayEnv<O, float[]> env, float minAction, float maxAction) {
    super(env, env.observationSpace(), space(env, minAction, maxAction));
    this.bounds = BoxSpaces.require("RescaleAction", env.actionSpace());
    int width = bounds.width();
    this.gradient = new float[width];
    this.intercept = new float[width];
    this.rescaled = new float[width];
    for (int i = 0; i < width; i++) {
      gradient[i] = (bounds.high(i) - bounds.low(i)) / (maxAction - minAction);
      intercept[i] = gradient[i] * -minAction + bounds.low(i);
    }
  }

  private static Box space(ArrayEnv<?, float[]> env, float minAction, float maxAction) {
    Box box = BoxSpaces.require("RescaleAction", env.actionSpace());
    for (int i = 0; i < box.width(); i++) {
      if (Float.isInfinite(box.low(i)) || Float.isInfinite(box.high(i))) {
        throw invalid("needs finite bounds, not " + box);
      }
    }
    if (!(minAction < maxAction)) {
      throw invalid("min_action is " + minAction + ", must be below max_action " + maxAction);
    }
    return Box.of(minAction, maxAction, box.shape());
  }

  private static AgentOsException invalid(String what) {
    return new AgentOsException(ErrorCode.INVALID_REQUEST, "RescaleAction " + what);
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    for (int i = 0; i < rescaled.length; i++) {
      float value = gradient[i] * action[actionOffset + i] + intercept[i];
      // The bounds again: rounding must not carry a legal action over them.
      rescaled[i] = Math.min(Math.max(value, bounds.low(i)), bounds.high(i));
    }
    if (actionSpace() instanceof Box box && !box.contains(action, actionOffset)) {
      throw invalid("was given " + action[actionOffset] + ", outside " + box);
    }
    env.step(rescaled, 0, observation, observationOffset, outcome);
  }
}
