package io.llmagentos.rl.rollout;

import io.llmagentos.rl.policy.ActionDistribution;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Space;

/**
 * From a policy's actions to the environment's, as RLlib's connector of this name: normalised, [-1, 1] becomes the whole range of a bounded {@link Box}, and
 * what lies outside is cut off; else clipped, numbers are cut to the bounds; else they go as they are. Immutable.
 */
public final class NormalizeAndClipActions {
  private final ActionDistribution distribution;
  private final boolean normalize;
  private final boolean clip;
  private final float[] low;
  private final float[] high;

  public NormalizeAndClipActions(
      ActionDistribution distribution, Space<?> space, boolean normalize, boolean clip) {
    this.distribution = distribution;
    if (space instanceof Box box) {
      this.low = box.low();
      this.high = box.high();
      this.normalize = normalize && bounded(box);
      this.clip = clip;
    } else {
      this.low = new float[0];
      this.high = new float[0];
      this.normalize = false;
      this.clip = false;
    }
  }

  /** Whether every number has a lower and an upper bound. */
  public static boolean bounded(Box box) {
    for (int i = 0; i < box.width(); i++) {
      if (Float.isInfinite(box.low(i)) || Float.isInfinite(box.high(i))) {
        return false;
      }
    }
    return true;
  }

  /** Writes the environment's form of the action at {@code at}. */
  public void apply(float[] action, int at, float[] out, int outAt) {
    distribution.emit(action, at, out, outAt);
    fit(out, outAt);
  }

  /** Fits numbers of the environment's width, already {@linkplain ActionDistribution#emit emitted}, into its space. */
  private void fit(float[] out, int outAt) {
    for (int i = 0; i < low.length; i++) {
      float value = out[outAt + i];
      if (normalize) {
        value = low[i] + (Math.clamp(value, -1f, 1f) + 1) * 0.5f * (high[i] - low[i]);
      }
      out[outAt + i] = normalize || clip ? Math.clamp(value, low[i], high[i]) : value;
    }
  }
}
