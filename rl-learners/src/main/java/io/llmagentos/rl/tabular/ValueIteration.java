package io.llmagentos.rl.tabular;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;

/** Value iteration (Bellman 1957), in place: sweeps until no value moves by more than the tolerance. */
public final class ValueIteration {
  private static final int MAX_SWEEPS = 1_000_000;

  private ValueIteration() {}

  /** @param tolerance the error of the values is at most tolerance * gamma / (1 - gamma) */
  public static Solution solve(Mdp mdp, double tolerance) {
    double[] values = new double[mdp.states()];
    for (int sweep = 1; sweep <= MAX_SWEEPS; sweep++) {
      double change = 0;
      for (int s = 0; s < values.length; s++) {
        double value = mdp.actionValue(s, mdp.greedyAction(s, values), values);
        change = Math.max(change, Math.abs(value - values[s]));
        values[s] = value;
      }
      if (change <= tolerance) {
        return new Solution(values, greedy(mdp, values), sweep);
      }
    }
    throw new AgentOsException(
        ErrorCode.INVALID_REQUEST,
        "value iteration did not settle within " + MAX_SWEEPS + " sweeps; gamma is " + mdp.gamma()
            + ", must be below 1 unless every policy ends");
  }

  static int[] greedy(Mdp mdp, double[] values) {
    int[] policy = new int[mdp.states()];
    for (int s = 0; s < policy.length; s++) {
      policy[s] = mdp.greedyAction(s, values);
    }
    return policy;
  }
}
