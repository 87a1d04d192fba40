package io.llmagentos.model.training.trainer;

import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.Evaluated;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.TransformerConfig;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;

/** What an evaluation measures beside the loss: it counts what adds up over batches and ranks, and makes its value of the sums. */
public enum Metric {
  /** e to the power of the loss. */
  PERPLEXITY(false) {
    @Override
    int width(TransformerConfig config) {
      return 0;
    }

    @Override
    double value(double loss, double[] sums) {
      return Math.exp(loss);
    }
  },

  /** How many of the targets are predicted. */
  ACCURACY(true) {
    @Override
    void count(Batch batch, Evaluated evaluated, double[] sums) {
      sums[0] += evaluated.right();
      sums[1] += evaluated.labels().length;
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
    void count(Batch batch, Evaluated evaluated, double[] sums) {
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
  },

  /** In how many rows the first target is predicted: which function is called. */
  FUNCTION_ACCURACY(true) {
    @Override
    void count(Batch batch, Evaluated evaluated, double[] sums) {
      countRows(batch, evaluated, sums, true);
    }
  },

  /** In how many rows every target is predicted: what a greedy decoder gets wholly right. */
  EXACT_CALL(true) {
    @Override
    void count(Batch batch, Evaluated evaluated, double[] sums) {
      countRows(batch, evaluated, sums, false);
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

  /** How many sums it keeps: what is right, and of how many, unless it says otherwise. */
  int width(TransformerConfig config) {
    return 2;
  }

  /** Add what a batch adds to the sums. */
  void count(Batch batch, Evaluated evaluated, double[] sums) {}

  /**
   * @param loss the mean one
   * @param sums of all batches, all of them multiplied by the same number
   */
  double value(double loss, double[] sums) {
    return sums[0] / sums[1];
  }

  /** Of a decoder's batch, whose targets are the labels but for the first of each row. */
  private static void countRows(
      Batch batch, Evaluated evaluated, double[] sums, boolean firstOnly) {
    int at = 0;
    for (int[] labels : Objects.requireNonNull(batch.labels())) {
      int targets = Math.toIntExact(Arrays.stream(labels, 1, labels.length)
          .filter(label -> label != Batch.IGNORED)
          .count());
      int end = at + (firstOnly ? Math.min(1, targets) : targets);
      boolean right = true;
      for (int i = at; i < end; i++) {
        right &= evaluated.predictions()[i] == evaluated.labels()[i];
      }
      sums[0] += targets > 0 && right ? 1 : 0;
      sums[1] += targets > 0 ? 1 : 0;
      at += targets;
    }
  }

  @Override
  public String toString() {
    return "eval_" + name().toLowerCase(Locale.ROOT);
  }
}
