package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.policy.ActionDistribution;
import io.llmagentos.rl.policy.ActorCritic;
import io.llmagentos.rl.rollout.Fragment;
import java.util.Arrays;
import java.util.List;

/**
 * Rows that a policy gradient is taken over, B of them.
 *
 * @param rows B
 * @param observations [B][D]
 * @param actions [B][A]
 * @param oldInputs [B][P], what the behaviour policy put out
 * @param oldLogProbs [B], of the actions under the behaviour policy
 * @param advantages [B]
 * @param returns [B], what values should be
 * @param oldValues [B], values at the time of sampling
 */
record Batch(
    int rows,
    float[] observations,
    float[] actions,
    float[] oldInputs,
    float[] oldLogProbs,
    float[] advantages,
    float[] returns,
    float[] oldValues) {

  private static Batch empty(int rows, int observationWidth, ActionDistribution distribution) {
    return new Batch(
        rows,
        new float[rows * observationWidth],
        new float[rows * distribution.actionWidth()],
        new float[rows * distribution.inputWidth()],
        new float[rows],
        new float[rows],
        new float[rows],
        new float[rows]);
  }

  /** All rows of the fragments, one after the other, with advantages and returns under the values of {@code module}. */
  static Batch of(
      List<Fragment> fragments, ActorCritic module, boolean critic, double gamma, double lambda) {
    int total = fragments.stream().mapToInt(Fragment::rows).sum();
    int width = fragments.getFirst().observationWidth();
    ActionDistribution distribution = module.policy().distribution();
    Batch batch = empty(total, width, distribution);
    int at = 0;
    for (Fragment fragment : fragments) {
      copy(fragment.observations(), batch.observations, at, width);
      copy(fragment.actions(), batch.actions, at, distribution.actionWidth());
      copy(fragment.distributionInputs(), batch.oldInputs, at, distribution.inputWidth());
      at += fragment.rows();
    }
    if (critic) {
      module.inferValues(batch.observations, total, batch.oldValues);
    }
    at = 0;
    for (Fragment fragment : fragments) {
      batch.estimate(fragment, at, module, critic, gamma, lambda);
      at += fragment.rows();
    }
    int inputWidth = distribution.inputWidth();
    int actionWidth = distribution.actionWidth();
    for (int row = 0; row < total; row++) {
      batch.returns[row] = batch.advantages[row] + batch.oldValues[row];
      batch.oldLogProbs[row] = (float)
          distribution.logProb(batch.oldInputs, row * inputWidth, batch.actions, row * actionWidth);
    }
    return batch;
  }

  private static void copy(float[] from, float[] to, int row, int width) {
    System.arraycopy(from, 0, to, row * width, from.length);
  }

  private void estimate(
      Fragment fragment, int at, ActorCritic module, boolean critic, double gamma, double lambda) {
    int n = fragment.rows();
    float[] values = Arrays.copyOfRange(oldValues, at, at + n);
    float[] next = new float[n];
    boolean[] done = new boolean[n];
    for (int row = 0; row < n; row++) {
      done[row] = fragment.done(row);
    }
    if (critic) {
      nextValues(fragment, values, module, next);
    }
    float[] result = Gae.estimate(
        fragment.environments(),
        fragment.steps(),
        fragment.rewards(),
        values,
        next,
        done,
        gamma,
        lambda);
    System.arraycopy(result, 0, advantages, at, n);
  }

  /** Values of what follows each row: the next row's, or, where none follows in the fragment, that of its next observation; 0 after termination. */
  private static void nextValues(
      Fragment fragment, float[] values, ActorCritic module, float[] next) {
    int n = fragment.rows();
    int width = fragment.observationWidth();
    int[] asked = new int[n];
    int count = 0;
    for (int row = 0; row < n; row++) {
      boolean last = (row + 1) % fragment.steps() == 0;
      if (fragment.terminated()[row]) {
        next[row] = 0;
      } else if (last || fragment.truncated()[row]) {
        asked[count++] = row;
      } else {
        next[row] = values[row + 1];
      }
    }
    float[] observations = new float[count * width];
    for (int k = 0; k < count; k++) {
      fragment.nextObservation(asked[k], observations, k * width);
    }
    float[] answers = new float[count];
    module.inferValues(observations, count, answers);
    for (int k = 0; k < count; k++) {
      next[asked[k]] = answers[k];
    }
  }

  /** The rows {@code order[from .. to - 1]}. */
  Batch gather(int[] order, int from, int to) {
    int count = to - from;
    return new Batch(
        count,
        rows(observations, order, from, to),
        rows(actions, order, from, to),
        rows(oldInputs, order, from, to),
        rows(oldLogProbs, order, from, to),
        rows(advantages, order, from, to),
        rows(returns, order, from, to),
        rows(oldValues, order, from, to));
  }

  private float[] rows(float[] all, int[] order, int from, int to) {
    int width = all.length / rows;
    float[] part = new float[(to - from) * width];
    for (int i = from; i < to; i++) {
      for (int k = 0; k < width; k++) {
        part[(i - from) * width + k] = all[order[i] * width + k];
      }
    }
    return part;
  }

  /** This batch with advantages of mean 0 and deviation 1 (over B - 1, plus 1e-8, as PyTorch's); one row alone stays as it is. */
  Batch withNormalizedAdvantages() {
    if (rows < 2) {
      return this;
    }
    double sum = 0;
    for (float advantage : advantages) {
      sum += advantage;
    }
    double mean = sum / rows;
    double squares = 0;
    for (float advantage : advantages) {
      squares += (advantage - mean) * (advantage - mean);
    }
    double deviation = Math.sqrt(squares / (rows - 1));
    float[] normalized = new float[rows];
    for (int i = 0; i < rows; i++) {
      normalized[i] = (float) ((advantages[i] - mean) / (deviation + 1e-8));
    }
    return new Batch(
        rows, observations, actions, oldInputs, oldLogProbs, normalized, returns, oldValues);
  }

  /** 1 - Var(returns - values) / Var(returns); 0 if the returns do not vary. */
  double explainedVariance() {
    float[] errors = new float[rows];
    for (int i = 0; i < rows; i++) {
      errors[i] = returns[i] - oldValues[i];
    }
    double variance = variance(returns);
    return variance == 0 ? 0 : 1 - variance(errors) / variance;
  }

  private static double variance(float[] numbers) {
    double sum = 0;
    for (float number : numbers) {
      sum += number;
    }
    double mean = sum / numbers.length;
    double squares = 0;
    for (float number : numbers) {
      squares += (number - mean) * (number - mean);
    }
    return squares / numbers.length;
  }
}
