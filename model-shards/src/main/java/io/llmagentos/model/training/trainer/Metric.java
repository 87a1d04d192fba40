package io.llmagentos.model.training.trainer;

import io.llmagentos.model.weights.TransformerConfig;
import java.util.Locale;

/**
 * What an evaluation measures beside the loss. Most look at predictions, an example at a time: they count what adds up over examples, batches and ranks, and make
 * their value of the sums.
 */
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
    void count(int[] labels, int[] predictions, double[] sums) {
      for (int i = 0; i < labels.length; i++) {
        sums[0] += labels[i] == predictions[i] ? 1 : 0;
      }
      sums[1] += labels.length;
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

  /**
   * Add an example.
   *
   * @param labels of its targets
   * @param predictions for the same targets
   */
  void count(int[] labels, int[] predictions, double[] sums) {}

  /**
   * @param loss the mean one
   * @param sums of all examples, all multiplied by the same number
   */
  abstract double value(double loss, double[] sums);

  @Override
  public String toString() {
    return "eval_" + name().toLowerCase(Locale.ROOT);
  }
}
