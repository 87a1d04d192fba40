package io.llmagentos.model.training.trainer;

import io.llmagentos.model.training.Evaluated;
import io.llmagentos.model.weights.BertConfig;
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
  },

  /** The mean over the labels that are there, or are predicted, of 2 right / (predicted + there): scikit-learn's macro F1. */
  F1(true) {
    @Override
    int width(TransformerConfig config) {
      return 2 * ((BertConfig) config).labels().size();
    }

    // For each label how often it is right, and how often it is there or predicted.
    @Override
    void count(Evaluated evaluated, double[] sums) {
      for (int i = 0; i < evaluated.labels().length; i++) {
        int label = evaluated.labels()[i];
        int predicted = evaluated.predictions()[i];
        sums[2 * label] += label == predicted ? 1 : 0;
        sums[2 * label + 1]++;
        sums[2 * predicted + 1]++;
      }
    }

    @Override
    double value(double loss, double[] sums) {
      double f1 = 0;
      int labels = 0;
      for (int i = 0; i < sums.length; i += 2) {
        if (sums[i + 1] > 0) {
          f1 += 2 * sums[i] / sums[i + 1];
          labels++;
        }
      }
      return f1 / labels;
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
