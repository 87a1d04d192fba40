package io.llmagentos.rl.tabular;

import java.util.Arrays;

/** Policy iteration (Howard 1960): exact evaluation and greedy improvement until the policy stays. Needs gamma below 1, or policies that all end. */
public final class PolicyIteration {
  private static final double INDIFFERENCE = 1e-10;

  private PolicyIteration() {}

  public static Solution solve(Mdp mdp) {
    int[] policy = ValueIteration.greedy(mdp, new double[mdp.states()]);
    for (int iteration = 1; ; iteration++) {
      double[] values = PolicyEvaluation.evaluate(mdp, policy);
      int[] improved = improve(mdp, policy, values);
      if (Arrays.equals(improved, policy)) {
        return new Solution(values, ValueIteration.greedy(mdp, values), iteration);
      }
      policy = improved;
    }
  }

  /** Changes an action only for a better one: among equals the policy would change forever. */
  private static int[] improve(Mdp mdp, int[] policy, double[] values) {
    int[] improved = policy.clone();
    for (int s = 0; s < policy.length; s++) {
      int best = mdp.greedyAction(s, values);
      double gain = mdp.actionValue(s, best, values) - mdp.actionValue(s, policy[s], values);
      if (gain > INDIFFERENCE * Math.max(1, Math.abs(values[s]))) {
        improved[s] = best;
      }
    }
    return improved;
  }
}
