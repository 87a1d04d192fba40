package io.llmagentos.model.training.trainer;

import io.llmagentos.model.training.Evaluated;
import io.llmagentos.model.weights.TransformerConfig;
import java.util.Locale;

/** What an evaluation measures beside the loss: it counts what adds up over batches and ranks, and makes its value of the sums. */
public enum Metric {
  /** e to the power of the loss. */
  PERPLEXITY(false) {
    @Override
    double value(double loss, double[] sums) {
      return Math.exp(loss);
    }
  },

  /** How many of the targets are predicted. */
  ACCURACY(true) {
    @Override
    int width(TransformerConfig config) {
      return 2;
    }

    @Override
    void count(Evaluated evaluated, double[] sums) {
      sums[0] += evaluated.right();
      sums[1] += evaluated.labels().length;
    }

    @Override
    double value(double loss, double[] sums) {
      return sums[0] / sums[1];
    }
  };

  private final boolean ofPredictions;

  Metric(boolean ofPredictions) {
    this.ofPredictions = ofPredictions;
  }

  /** Whether it needs more than the loss. */
  boolean ofPredictions() {
    return ofPredictions;
  }

  /** How many sums it keeps. */
  int width(TransformerConfig config) {
    return 0;
  }

  /** Add what a batch adds to the sums. */
  void count(Evaluated evaluated, double[] sums) {}

  /**
   * @param loss the mean one
   * @param sums of all batches, all of them multiplied by the same number
   */
  abstract double value(double loss, double[] sums);

  @Override
  public String toString() {
    return "eval_" + name().toLowerCase(Locale.ROOT);
  }
}
