package io.llmagentos.rl.tabular;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * A finite Markov decision process (S, A, P, R, gamma): states 0..S-1, actions 0..A-1, the outcomes of every action in every state with their
 * probabilities and rewards, the distribution of the first state, the discount. Immutable; validated: probabilities are not negative and sum to 1 within
 * 1e-9, next states exist, rewards are finite, gamma is in [0, 1].
 */
public final class Mdp {
  private static final double TOLERANCE = 1e-9;

  private final List<List<List<Transition>>> transitions;
  private final double[] initial;
  private final double gamma;

  private Mdp(List<List<List<Transition>>> transitions, double[] initial, double gamma) {
    this.transitions = transitions;
    this.initial = initial;
    this.gamma = gamma;
    require(gamma >= 0 && gamma <= 1, "gamma is " + gamma + ", must be in [0, 1]");
  }

  /** @param outcomes what action a (second) may lead to in state s (first) */
  public static Mdp of(
      int states,
      int actions,
      BiFunction<Integer, Integer, List<Transition>> outcomes,
      double[] initial,
      double gamma) {
    require(states > 0 && actions > 0, states + " states and " + actions + " actions");
    require(
        initial.length == states, initial.length + " initial probabilities, " + states + " states");
    requireDistribution("the first state", initial);
    List<List<List<Transition>>> table = new ArrayList<>();
    for (int s = 0; s < states; s++) {
      List<List<Transition>> row = new ArrayList<>();
      for (int a = 0; a < actions; a++) {
        row.add(List.copyOf(outcomes.apply(s, a)));
        validate(s, a, row.get(a), states);
      }
      table.add(row);
    }
    return new Mdp(table, initial.clone(), gamma);
  }

  private static void validate(int s, int a, List<Transition> outcomes, int states) {
    String place = "state " + s + ", action " + a;
    double[] probabilities = new double[outcomes.size()];
    for (int i = 0; i < outcomes.size(); i++) {
      Transition outcome = outcomes.get(i);
      probabilities[i] = outcome.probability();
      require(
          outcome.nextState() >= 0 && outcome.nextState() < states,
          place + ": the next state " + outcome.nextState() + " is not below " + states);
      require(Double.isFinite(outcome.reward()), place + ": the reward is " + outcome.reward());
    }
    requireDistribution(place, probabilities);
  }

  private static void requireDistribution(String of, double[] probabilities) {
    double sum = 0;
    for (double probability : probabilities) {
      require(probability >= 0, of + ": a probability is " + probability);
      sum += probability;
    }
    require(
        Math.abs(sum - 1) <= TOLERANCE, of + ": the probabilities sum to " + sum + ", not to 1");
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new AgentOsException(ErrorCode.INVALID_REQUEST, "not an MDP: " + otherwise);
    }
  }

  /** The same process with another discount. */
  public Mdp withGamma(double other) {
    return new Mdp(transitions, initial, other);
  }

  public int states() {
    return transitions.size();
  }

  public int actions() {
    return transitions.getFirst().size();
  }

  public double gamma() {
    return gamma;
  }

  public double initial(int state) {
    return initial[state];
  }

  public List<Transition> transitions(int state, int action) {
    return transitions.get(state).get(action);
  }

  /** Q(s, a) under the state values V: the expected reward plus the discounted value of where it leads. */
  public double actionValue(int state, int action, double[] values) {
    double value = 0;
    for (Transition outcome : transitions(state, action)) {
      double future = outcome.terminated() ? 0 : gamma * values[outcome.nextState()];
      value += outcome.probability() * (outcome.reward() + future);
    }
    return value;
  }

  /** The best action in a state under the state values V; the first of equals. */
  public int greedyAction(int state, double[] values) {
    int best = 0;
    double bestValue = actionValue(state, 0, values);
    for (int a = 1; a < actions(); a++) {
      double value = actionValue(state, a, values);
      if (value > bestValue) {
        best = a;
        bestValue = value;
      }
    }
    return best;
  }

  /** The expected value of the first state. */
  public double initialValue(double[] values) {
    double value = 0;
    for (int s = 0; s < initial.length; s++) {
      value += initial[s] * values[s];
    }
    return value;
  }
}
