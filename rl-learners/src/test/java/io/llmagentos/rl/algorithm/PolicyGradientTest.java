package io.llmagentos.rl.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.rl.policy.Activation;
import io.llmagentos.rl.policy.ActorCritic;
import io.llmagentos.rl.policy.Categorical;
import io.llmagentos.rl.policy.Initializer;
import io.llmagentos.rl.policy.Mlp;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.rollout.Fragment;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The estimator's expectation over every trajectory of a small MDP, against finite differences of the exact expected return. Two states, two actions, three
 * steps, random transitions, undiscounted.
 */
class PolicyGradientTest {
  private static final int STEPS = 3;
  /** Probability that action a in state s leads to state 1. */
  private static final double[][] TO_ONE = {{0.2, 0.7}, {0.5, 0.1}};

  private static final double[][] REWARD = {{1, 0}, {-0.5, 2}};

  private final Mlp actor = new Mlp(
      2, new int[] {5}, Activation.TANH, Initializer.FAN_IN, List.of(new Mlp.Head("pi", 2, 1)));
  private final Mlp critic = new Mlp(
      2, new int[] {5}, Activation.TANH, Initializer.FAN_IN, List.of(new Mlp.Head("vf", 1, 1)));
  private final Categorical distribution = new Categorical(2);
  private final ActorCritic module =
      new ActorCritic(new Policy(actor, distribution, false), critic);

  private double[][] probabilities(float[] parameters) {
    module.load(parameters);
    float[] inputs = new float[4];
    module.policy().infer(new float[] {1, 0, 0, 1}, new float[0], 2, inputs);
    double[][] p = new double[2][2];
    for (int s = 0; s < 2; s++) {
      for (int a = 0; a < 2; a++) {
        p[s][a] = Math.exp(distribution.logProb(inputs, 2 * s, new float[] {a}, 0));
      }
    }
    return p;
  }

  /** The expected return from state 0. */
  private double expectedReturn(float[] parameters) {
    double[][] policy = probabilities(parameters);
    double[] value = new double[2];
    for (int t = 0; t < STEPS; t++) {
      double[] before = new double[2];
      for (int s = 0; s < 2; s++) {
        for (int a = 0; a < 2; a++) {
          double later = TO_ONE[s][a] * value[1] + (1 - TO_ONE[s][a]) * value[0];
          before[s] += policy[s][a] * (REWARD[s][a] + later);
        }
      }
      value = before;
    }
    return value[0];
  }

  /** Trajectory number {@code code}: three actions and three next states, one bit each. */
  private double[] weighted(int code, float[] parameters, boolean baseline) {
    double[][] policy = probabilities(parameters);
    float[] observations = new float[STEPS * 2];
    float[] actions = new float[STEPS];
    float[] rewards = new float[STEPS];
    boolean[] terminated = new boolean[STEPS];
    double probability = 1;
    int state = 0;
    for (int t = 0; t < STEPS; t++) {
      int action = code >> (2 * t) & 1;
      int next = code >> (2 * t + 1) & 1;
      observations[2 * t + state] = 1;
      actions[t] = action;
      rewards[t] = (float) REWARD[state][action];
      double one = TO_ONE[state][action];
      probability *= policy[state][action] * (next == 1 ? one : 1 - one);
      state = next;
    }
    terminated[STEPS - 1] = true;
    float[] inputs = new float[STEPS * 2];
    module.policy().infer(observations, new float[0], STEPS, inputs);
    Fragment fragment = new Fragment(
        0,
        1,
        STEPS,
        1,
        observations,
        actions,
        inputs,
        new float[0],
        rewards,
        terminated,
        new boolean[STEPS],
        new float[2],
        new int[0],
        new float[0],
        List.of());
    Batch batch = Batch.of(List.of(fragment), module, baseline, 1, 1);
    float[] now = new float[STEPS * 2];
    float[] values = new float[STEPS];
    module.forward(batch.observations(), batch.sequences(), STEPS, now, values);
    float[] inputGradients = new float[STEPS * 2];
    float[] valueGradients = new float[STEPS];
    new ReinforceLoss(distribution, 0, 0)
        .gradient(batch, now, values, inputGradients, valueGradients);
    float[] gradient = new float[parameters.length];
    module.backward(inputGradients, valueGradients, STEPS, gradient);
    double[] part = new double[actor.parameterCount()];
    for (int i = 0; i < part.length; i++) {
      part[i] = -probability * STEPS * gradient[i];
    }
    return part;
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void shouldPointWhereTheExactReturnGrows(boolean baseline) {
    float[] parameters = module.initialParameters(Generator.of(11));
    double[] expectation = new double[actor.parameterCount()];
    for (int code = 0; code < 1 << (2 * STEPS); code++) {
      double[] part = weighted(code, parameters, baseline);
      for (int i = 0; i < part.length; i++) {
        expectation[i] += part[i];
      }
    }
    double norm = 0;
    for (int i = 0; i < expectation.length; i++) {
      float[] more = parameters.clone();
      float[] less = parameters.clone();
      more[i] += 0.02f;
      less[i] -= 0.02f;
      double slope = (expectedReturn(more) - expectedReturn(less)) / ((double) more[i] - less[i]);
      assertThat(expectation[i]).as("parameter %d", i).isCloseTo(slope, within(3e-4));
      norm += slope * slope;
    }
    assertThat(Math.sqrt(norm)).isGreaterThan(0.1);
  }
}
