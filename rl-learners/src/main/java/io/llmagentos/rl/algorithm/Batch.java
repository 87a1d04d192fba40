package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.policy.ActionDistribution;
import io.llmagentos.rl.policy.ActorCritic;
import io.llmagentos.rl.policy.Sequences;
import io.llmagentos.rl.rollout.Fragment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rows that a policy gradient is taken over, B of them.
 *
 * @param rows B
 * @param sequences how they follow one another
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
    Sequences sequences,
    float[] observations,
    float[] actions,
    float[] oldInputs,
    float[] oldLogProbs,
    float[] advantages,
    float[] returns,
    float[] oldValues) {

  private static Batch empty(
      int rows, Sequences sequences, int observationWidth, ActionDistribution distribution) {
    return new Batch(
        rows,
        sequences,
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
    Batch batch = empty(total, sequences(fragments, total), width, distribution);
    int at = 0;
    for (Fragment fragment : fragments) {
      copy(fragment.observations(), batch.observations, at, width);
      copy(fragment.actions(), batch.actions, at, distribution.actionWidth());
      copy(fragment.distributionInputs(), batch.oldInputs, at, distribution.inputWidth());
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

  private static Sequences sequences(List<Fragment> fragments, int total) {
    int numbers = fragments.stream().mapToInt(each -> each.states().length).sum();
    if (numbers == 0) {
      return Sequences.NONE;
    }
    float[] states = new float[numbers];
    boolean[] starts = new boolean[total];
    int at = 0;
    int to = 0;
    for (Fragment fragment : fragments) {
      System.arraycopy(fragment.states(), 0, states, to, fragment.states().length);
      to += fragment.states().length;
      for (int row = 0; row < fragment.rows(); row++) {
        starts[at + row] = fragment.starts(row);
      }
      at += fragment.rows();
    }
    return new Sequences(fragments.getFirst().sequenceLength(), states, starts);
  }

  private void estimate(
      Fragment fragment, int at, ActorCritic module, boolean critic, double gamma, double lambda) {
    int n = fragment.rows();
    float[] values = new float[n];
    float[] next = new float[n];
    boolean[] done = new boolean[n];
    for (int row = 0; row < n; row++) {
      done[row] = fragment.done(row);
    }
    if (critic) {
      values(fragment, module, values, next);
      System.arraycopy(values, 0, oldValues, at, n);
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

  /**
   * Values of the rows, and of what follows each: the next row's, or, where none follows in the fragment, that of its next observation; 0 after termination.
   * The sequences go on side by side, step by step, with the states that the sampler had.
   */
  private static void values(Fragment fragment, ActorCritic module, float[] values, float[] next) {
    int length = fragment.sequenceLength();
    int count = fragment.rows() / length;
    int width = fragment.observationWidth();
    float[] states = fragment.states().clone();
    int stateWidth = states.length / count;
    float[] observations = new float[count * width];
    float[] answers = new float[count];
    for (int t = 0; t < length; t++) {
      for (int k = 0; k < count; k++) {
        int row = k * length + t;
        System.arraycopy(fragment.observations(), row * width, observations, k * width, width);
        if (t > 0 && fragment.starts(row)) {
          Arrays.fill(states, k * stateWidth, (k + 1) * stateWidth, 0);
        }
      }
      module.inferValues(observations, states, count, answers);
      for (int k = 0; k < count; k++) {
        values[k * length + t] = answers[k];
      }
      finalValues(fragment, t, states, module, next);
    }
    for (int row = 0; row < values.length; row++) {
      if (!fragment.terminated()[row] && !isCut(fragment, row)) {
        next[row] = values[row + 1];
      }
    }
  }

  /** Whether no row follows, though the episode has not reached its end. */
  private static boolean isCut(Fragment fragment, int row) {
    return !fragment.terminated()[row]
        && (fragment.truncated()[row] || (row + 1) % fragment.steps() == 0);
  }

  /** Of the rows at position {@code t} of their sequences that are cut, after which {@code states} stand. */
  private static void finalValues(
      Fragment fragment, int t, float[] states, ActorCritic module, float[] next) {
    int length = fragment.sequenceLength();
    int count = fragment.rows() / length;
    int width = fragment.observationWidth();
    int stateWidth = states.length / count;
    int[] cut =
        IntStream.range(0, count).filter(k -> isCut(fragment, k * length + t)).toArray();
    if (cut.length == 0) {
      return;
    }
    float[] observations = new float[cut.length * width];
    float[] after = new float[cut.length * stateWidth];
    for (int i = 0; i < cut.length; i++) {
      fragment.nextObservation(cut[i] * length + t, observations, i * width);
      System.arraycopy(states, cut[i] * stateWidth, after, i * stateWidth, stateWidth);
    }
    float[] answers = new float[cut.length];
    module.inferValues(observations, after, cut.length, answers);
    for (int i = 0; i < cut.length; i++) {
      next[cut[i] * length + t] = answers[i];
    }
  }

  /** The sequences {@code order[from .. to - 1]}. */
  Batch gather(int[] order, int from, int to) {
    return new Batch(
        (to - from) * sequences.length(),
        sequences.gather(order, from, to),
        gather(observations, order, from, to),
        gather(actions, order, from, to),
        gather(oldInputs, order, from, to),
        gather(oldLogProbs, order, from, to),
        gather(advantages, order, from, to),
        gather(returns, order, from, to),
        gather(oldValues, order, from, to));
  }

  private float[] gather(float[] all, int[] order, int from, int to) {
    int width = all.length / rows * sequences.length();
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
        rows,
        sequences,
        observations,
        actions,
        oldInputs,
        oldLogProbs,
        normalized,
        returns,
        oldValues);
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
