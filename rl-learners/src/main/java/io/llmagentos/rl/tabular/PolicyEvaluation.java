package io.llmagentos.rl.tabular;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;

/** The exact values of a policy: (I - gamma P) V = R by Gaussian elimination. Cubic in the number of states. */
public final class PolicyEvaluation {
  private PolicyEvaluation() {}

  /** V of a deterministic policy. */
  public static double[] evaluate(Mdp mdp, int[] policy) {
    double[][] probabilities = new double[mdp.states()][mdp.actions()];
    for (int s = 0; s < policy.length; s++) {
      probabilities[s][policy[s]] = 1;
    }
    return evaluate(mdp, probabilities);
  }

  /** @param policy [S][A], the probability of every action in every state */
  public static double[] evaluate(Mdp mdp, double[][] policy) {
    int n = mdp.states();
    double[][] system = new double[n][n + 1];
    for (int s = 0; s < n; s++) {
      system[s][s] += 1;
      for (int a = 0; a < mdp.actions(); a++) {
        if (policy[s][a] != 0) {
          for (Transition outcome : mdp.transitions(s, a)) {
            double probability = policy[s][a] * outcome.probability();
            system[s][n] += probability * outcome.reward();
            if (!outcome.terminated()) {
              system[s][outcome.nextState()] -= mdp.gamma() * probability;
            }
          }
        }
      }
    }
    return solve(system);
  }

  private static double[] solve(double[][] system) {
    int n = system.length;
    for (int column = 0; column < n; column++) {
      int pivot = column;
      for (int row = column + 1; row < n; row++) {
        if (Math.abs(system[row][column]) > Math.abs(system[pivot][column])) {
          pivot = row;
        }
      }
      double[] swap = system[column];
      system[column] = system[pivot];
      system[pivot] = swap;
      if (Math.abs(system[column][column]) < 1e-12) {
        throw new AgentOsException(
            ErrorCode.INVALID_REQUEST,
            "the policy has no finite value: it never ends, and gamma is 1; gamma must be below 1",
            "gamma");
      }
      for (int row = column + 1; row < n; row++) {
        double factor = system[row][column] / system[column][column];
        if (factor != 0) {
          for (int k = column; k <= n; k++) {
            system[row][k] -= factor * system[column][k];
          }
        }
      }
    }
    double[] values = new double[n];
    for (int row = n - 1; row >= 0; row--) {
      double rest = system[row][n];
      for (int k = row + 1; k < n; k++) {
        rest -= system[row][k] * values[k];
      }
      values[row] = rest / system[row][row];
    }
    return values;
  }
}
