package io.llmagentos.rl.tabular;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Discrete;

/**
 * Q-learning (Watkins 1989) with an epsilon-greedy policy. A terminal step has no future value; a truncated one keeps it.
 *
 * @param learningRate in (0, 1]
 * @param gamma discount, in [0, 1]
 * @param initialEpsilon how often a random action is taken in the first episode
 * @param finalEpsilon and in the last; it falls linearly
 */
public record QLearning(
    double learningRate, double gamma, double initialEpsilon, double finalEpsilon) {
  public QLearning {
    within("learning_rate", learningRate, learningRate > 0);
    within("gamma", gamma, gamma >= 0);
    within("initial_epsilon", initialEpsilon, initialEpsilon >= 0);
    within("final_epsilon", finalEpsilon, finalEpsilon >= 0);
  }

  private static void within(String name, double value, boolean above) {
    if (!above || !(value <= 1)) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, name + " is " + value + ", must be in [0, 1]", name);
    }
  }

  /** Q [S][A] after so many episodes; the same seed gives the same values. */
  public double[][] train(Env<Integer, Integer> env, int episodes, long seed) {
    Discrete states = (Discrete) env.observationSpace();
    Discrete actions = (Discrete) env.actionSpace();
    Generator random = Generator.of(seed);
    double[][] q = new double[states.n()][actions.n()];
    for (int episode = 0; episode < episodes; episode++) {
      double done = episodes == 1 ? 1 : (double) episode / (episodes - 1);
      double epsilon = initialEpsilon + (finalEpsilon - initialEpsilon) * done;
      int state = (episode == 0 ? env.reset(seed) : env.reset()).observation();
      boolean over = false;
      while (!over) {
        int action =
            random.random() < epsilon ? (int) random.integers(actions.n()) : argmax(q[state]);
        Step<Integer> step = env.step(action);
        int next = step.observation();
        double future = step.terminated() ? 0 : gamma * q[next][argmax(q[next])];
        q[state][action] += learningRate * (step.reward() + future - q[state][action]);
        state = next;
        over = step.terminated() || step.truncated();
      }
    }
    return q;
  }

  /** The greedy policy of Q, the first of equals. */
  public static int[] greedy(double[][] q) {
    int[] policy = new int[q.length];
    for (int s = 0; s < q.length; s++) {
      policy[s] = argmax(q[s]);
    }
    return policy;
  }

  private static int argmax(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }
}
