package io.llmagentos.rl.algorithm;

import java.util.Locale;

/** Numbers that a policy-gradient loss reports beside its gradient: means over the rows. */
enum Statistic {
  POLICY_LOSS(0),
  VF_LOSS(1),
  TOTAL_LOSS(2),
  ENTROPY(3),
  /** KL(old || new), of the distributions; 0 where the loss does not use it. */
  MEAN_KL_LOSS(4),
  /** The same, estimated from the taken actions' ratios r as r - 1 - log r. */
  APPROX_KL(5),
  /** Estimated as -log r. */
  OLD_APPROX_KL(6),
  /** The part of the rows whose ratio lies outside the clipping range. */
  CLIP_FRACTION(7);

  private final int index;

  Statistic(int index) {
    this.index = index;
  }

  /** Its place behind a gradient, from 0. */
  int index() {
    return index;
  }

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
