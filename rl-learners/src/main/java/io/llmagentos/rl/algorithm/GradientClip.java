package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.algorithm.AlgorithmConfig.GradClipBy;
import io.llmagentos.rl.policy.Segment;
import java.util.List;

/**
 * Limits gradients as PyTorch's {@code clip_grad_norm_} and {@code clip_grad_value_}.
 *
 * @param limit infinity: none
 */
record GradientClip(double limit, GradClipBy by) {
  /** Independent sums that a norm is made of, in a fixed order. */
  private static final int PARTIALS = 8;

  /** Clips {@code gradients[at .. at + length)} in place, whose parts {@code segments} name. Returns the norm of all before. Throws if it is not finite. */
  double apply(float[] gradients, int at, int length, List<Segment> segments) {
    double norm = norm(gradients, at, length);
    if (!Double.isFinite(norm)) {
      throw new AgentOsException(
          ErrorCode.TRAINING_DIVERGED,
          "the norm of the gradient is " + norm
              + ", must be finite; a lower lr or grad_clip may help");
    }
    if (limit == Double.POSITIVE_INFINITY) {
      return norm;
    }
    switch (by) {
      case GLOBAL_NORM -> scale(gradients, at, length, norm);
      case NORM -> {
        for (Segment segment : segments) {
          int from = at + segment.offset();
          scale(gradients, from, segment.length(), norm(gradients, from, segment.length()));
        }
      }
      case VALUE -> {
        for (int i = at; i < at + length; i++) {
          gradients[i] = (float) Math.clamp(gradients[i], -limit, limit);
        }
      }
    }
    return norm;
  }

  private void scale(float[] gradients, int at, int length, double norm) {
    double factor = limit / (norm + 1e-6);
    if (factor < 1) {
      for (int i = at; i < at + length; i++) {
        gradients[i] *= (float) factor;
      }
    }
  }

  static double norm(float[] numbers, int at, int length) {
    double[] sums = new double[PARTIALS];
    int i = 0;
    for (; i + PARTIALS <= length; i += PARTIALS) {
      for (int k = 0; k < PARTIALS; k++) {
        double number = numbers[at + i + k];
        sums[k] += number * number;
      }
    }
    for (; i < length; i++) {
      double number = numbers[at + i];
      sums[i % PARTIALS] += number * number;
    }
    double sum = 0;
    for (double part : sums) {
      sum += part;
    }
    return Math.sqrt(sum);
  }
}
