package io.llmagentos.rl.rollout;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * T steps of N environments, environment by environment: the row of step t of the n-th environment is n * T + t. Fragments of several runners, one after the
 * other, are thus the fragment that one runner with all the environments had made. Rows are transitions: no row is a reset.
 *
 * @param firstEnvironment index of the first environment among all of the run
 * @param environments N
 * @param steps T
 * @param sequenceLength L, steps between two states that are kept; 1 where nothing is remembered
 * @param observations [N][T][D], before the action
 * @param actions [N][T][A], in the distribution's own form
 * @param distributionInputs [N][T][P], what the behaviour policy put out, masks included
 * @param states [N][T/L, rounded up][S], what the policy's network remembered before every L-th step
 * @param rewards [N][T]
 * @param terminated [N][T], the episode reached its end: nothing follows
 * @param truncated [N][T], the episode was cut: what would have followed has a value
 * @param lastObservations [N][D], after the last step
 * @param finalRows rows that were truncated and not terminated, ascending
 * @param finalObservations [finalRows][D], after those rows, before the reset
 * @param episodes that ended here, by environment, then by time
 */
public record Fragment(
    int firstEnvironment,
    int environments,
    int steps,
    int sequenceLength,
    float[] observations,
    float[] actions,
    float[] distributionInputs,
    float[] states,
    float[] rewards,
    boolean[] terminated,
    boolean[] truncated,
    float[] lastObservations,
    int[] finalRows,
    float[] finalObservations,
    List<Episode> episodes) {

  public Fragment {
    episodes = List.copyOf(episodes);
  }

  /** N * T. */
  public int rows() {
    return environments * steps;
  }

  public int observationWidth() {
    return lastObservations.length / environments;
  }

  public int actionWidth() {
    return actions.length / rows();
  }

  public boolean done(int row) {
    return terminated[row] || truncated[row];
  }

  /** Whether an episode begins with {@code row}, after one that ended here; what the first row begins is told by its state. */
  public boolean starts(int row) {
    return row % steps != 0 && done(row - 1);
  }

  /** The observation after {@code row}, before any reset, copied to {@code out[at ..]}. After termination, where nothing follows: zeros. */
  public void nextObservation(int row, float[] out, int at) {
    int width = observationWidth();
    if (terminated[row]) {
      Arrays.fill(out, at, at + width, 0);
    } else if (truncated[row]) {
      int k = Arrays.binarySearch(finalRows, row);
      System.arraycopy(finalObservations, k * width, out, at, width);
    } else if ((row + 1) % steps == 0) {
      System.arraycopy(lastObservations, row / steps * width, out, at, width);
    } else {
      System.arraycopy(observations, (row + 1) * width, out, at, width);
    }
  }

  /** What fragments hold of the environments {@code from .. to - 1} of the run. */
  public static List<Fragment> ofEnvironments(List<Fragment> fragments, int from, int to) {
    List<Fragment> share = new ArrayList<>();
    for (Fragment fragment : fragments) {
      int base = fragment.firstEnvironment;
      int first = Math.max(from, base);
      int last = Math.min(to, base + fragment.environments);
      if (last - first == fragment.environments) {
        share.add(fragment);
      } else if (first < last) {
        share.add(fragment.slice(first - base, last - base));
      }
    }
    return share;
  }

  /** The part of the environments {@code from .. to - 1} of this fragment. */
  public Fragment slice(int from, int to) {
    int first = from * steps;
    int last = to * steps;
    int d = observationWidth();
    int a = actionWidth();
    int p = distributionInputs.length / rows();
    int s = states.length / environments;
    int[] finals =
        Arrays.stream(finalRows).filter(row -> row >= first && row < last).toArray();
    int skip = (int) Arrays.stream(finalRows).filter(row -> row < first).count();
    return new Fragment(
        firstEnvironment + from,
        to - from,
        steps,
        sequenceLength,
        Arrays.copyOfRange(observations, first * d, last * d),
        Arrays.copyOfRange(actions, first * a, last * a),
        Arrays.copyOfRange(distributionInputs, first * p, last * p),
        Arrays.copyOfRange(states, from * s, to * s),
        Arrays.copyOfRange(rewards, first, last),
        Arrays.copyOfRange(terminated, first, last),
        Arrays.copyOfRange(truncated, first, last),
        Arrays.copyOfRange(lastObservations, from * d, to * d),
        Arrays.stream(finals).map(row -> row - first).toArray(),
        Arrays.copyOfRange(finalObservations, skip * d, (skip + finals.length) * d),
        episodes.stream()
            .filter(episode -> episode.environment() >= firstEnvironment + from
                && episode.environment() < firstEnvironment + to)
            .toList());
  }
}
