package io.llmagentos.rl.rollout;

import io.llmagentos.rl.env.VectorStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** A {@link Fragment} that is being filled, step by step. */
final class FragmentBuilder {
  private final int firstEnvironment;
  private final int environments;
  private final int steps;
  private final int observationWidth;
  private final int actionWidth;
  private final int inputWidth;
  private final int sequenceLength;
  private final int stateWidth;
  private final float[] observations;
  private final float[] actions;
  private final float[] inputs;
  private final float[] states;
  private final float[] rewards;
  private final boolean[] terminated;
  private final boolean[] truncated;
  private final List<Cut> cuts = new ArrayList<>();
  private final List<Episode> episodes = new ArrayList<>();

  private record Cut(int row, float[] observation) {}

  FragmentBuilder(
      int firstEnvironment,
      int environments,
      int steps,
      int observationWidth,
      int actionWidth,
      int inputWidth,
      int sequenceLength,
      int stateWidth) {
    int rows = environments * steps;
    this.firstEnvironment = firstEnvironment;
    this.environments = environments;
    this.steps = steps;
    this.observationWidth = observationWidth;
    this.actionWidth = actionWidth;
    this.inputWidth = inputWidth;
    this.sequenceLength = sequenceLength;
    this.stateWidth = stateWidth;
    this.observations = new float[rows * observationWidth];
    this.actions = new float[rows * actionWidth];
    this.inputs = new float[rows * inputWidth];
    this.states = new float[environments * sequences() * stateWidth];
    this.rewards = new float[rows];
    this.terminated = new boolean[rows];
    this.truncated = new boolean[rows];
  }

  private int sequences() {
    return Math.ceilDiv(steps, sequenceLength);
  }

  /** What is remembered of all environments before step t; kept where a sequence begins. */
  void remembered(int t, float[] allStates) {
    if (t % sequenceLength != 0) {
      return;
    }
    for (int i = 0; i < environments; i++) {
      int sequence = i * sequences() + t / sequenceLength;
      System.arraycopy(allStates, i * stateWidth, states, sequence * stateWidth, stateWidth);
    }
  }

  /** What environment i saw and did at step t; the arrays are those of all environments. */
  void before(int i, int t, float[] allObservations, float[] allActions, float[] allInputs) {
    int row = i * steps + t;
    copy(allObservations, i, observations, row, observationWidth);
    copy(allActions, i, actions, row, actionWidth);
    copy(allInputs, i, inputs, row, inputWidth);
  }

  private static void copy(float[] from, int i, float[] to, int row, int width) {
    for (int k = 0; k < width; k++) {
      to[row * width + k] = from[i * width + k];
    }
  }

  void after(int i, int t, VectorStep step) {
    int row = i * steps + t;
    rewards[row] = (float) step.rewards()[i];
    terminated[row] = step.terminated()[i];
    truncated[row] = step.truncated()[i];
    if (truncated[row] && !terminated[row]) {
      int at = i * observationWidth;
      cuts.add(
          new Cut(row, Arrays.copyOfRange(step.finalObservations(), at, at + observationWidth)));
    }
  }

  void ended(Episode episode) {
    episodes.add(episode);
  }

  Fragment build(float[] lastObservations) {
    cuts.sort(Comparator.comparingInt(Cut::row));
    episodes.sort(Comparator.comparingInt(Episode::environment));
    float[] finals = new float[cuts.size() * observationWidth];
    for (int k = 0; k < cuts.size(); k++) {
      System.arraycopy(cuts.get(k).observation, 0, finals, k * observationWidth, observationWidth);
    }
    return new Fragment(
        firstEnvironment,
        environments,
        steps,
        sequenceLength,
        observations,
        actions,
        inputs,
        states,
        rewards,
        terminated,
        truncated,
        lastObservations.clone(),
        cuts.stream().mapToInt(Cut::row).toArray(),
        finals,
        episodes);
  }
}
