package io.llmagentos.rl.algorithm;

import java.util.Locale;

/** Numbers that a policy-gradient loss reports beside its gradient: means over the rows. */
enum Statistic {
  POLICY_LOSS,
  VF_LOSS,
  TOTAL_LOSS,
  ENTROPY,
  /** KL(old || new), of the distributions; 0 where the loss does not use it. */
  MEAN_KL_LOSS,
  /** The same, estimated from the taken actions' ratios r as r - 1 - log r. */
  APPROX_KL,
  /** Estimated as -log r. */
  OLD_APPROX_KL,
  /** The part of the rows whose ratio lies outside the clipping range. */
  CLIP_FRACTION;

  /** Its place in an array of all of them. */
  @SuppressWarnings("EnumOrdinal") // the arrays live no longer than a training step
  int index() {
    return ordinal();
  }

  /** As results say it. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
