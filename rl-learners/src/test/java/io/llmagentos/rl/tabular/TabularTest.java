package io.llmagentos.rl.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.env.toytext.Blackjack;
import io.llmagentos.rl.env.toytext.TabularEnv;
import io.llmagentos.rl.random.Generator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TabularTest {
  private static final EnvRegistry REGISTRY = EnvRegistry.load();

  private static Mdp mdp(String id, double gamma) {
    return ((TabularEnv) REGISTRY.make(id).unwrapped()).mdp().withGamma(gamma);
  }

  @Test
  void shouldFindTheSameOptimumByValuesAndByPolicies() {
    for (String id : List.of("FrozenLake-v1", "CliffWalkingSlippery-v1", "Taxi-v4")) {
      Mdp mdp = mdp(id, 0.95);
      Solution values = ValueIteration.solve(mdp, 1e-13);
      Solution policies = PolicyIteration.solve(mdp);
      assertThat(policies.values()).containsExactly(values.values(), within(1e-9));
      assertThat(PolicyEvaluation.evaluate(mdp, values.policy()))
          .containsExactly(values.values(), within(1e-9));
    }
  }

  /** Thirteen steps along the cliff; the value of taxi's best policy is the 7.93 that its average delivery pays. */
  @Test
  void shouldKnowTheBestReturns() {
    Mdp cliff = mdp("CliffWalking-v1", 1);
    assertThat(cliff.initialValue(ValueIteration.solve(cliff, 0).values())).isEqualTo(-13);
    Mdp taxi = mdp("Taxi-v4", 1);
    assertThat(taxi.initialValue(ValueIteration.solve(taxi, 0).values()))
        .isCloseTo(7.93, within(0.01));
    Mdp lake = mdp("FrozenLake-v1", 1);
    assertThat(lake.initialValue(ValueIteration.solve(lake, 1e-12).values()))
        .isCloseTo(14.0 / 17, within(1e-6));
  }

  @Test
  void shouldEvaluateAMixedPolicyExactly() {
    Mdp mdp = Mdp.of(
        2,
        2,
        (s, a) -> List.of(new Transition(1, a, s == 0 && a == 1 ? 1 : 0, s == 1 && a == 1)),
        new double[] {1, 0},
        0.5);
    // V0 = p (1 + V1/2) + (1-p) V0/2, V1 = (1-q) V0/2 with p = 0.25, q = 0.5
    double v0 = 0.25 / (1 - 0.375 - 0.25 * 0.5 * 0.25);
    double[] values = PolicyEvaluation.evaluate(mdp, new double[][] {{0.75, 0.25}, {0.5, 0.5}});
    assertThat(values).containsExactly(new double[] {v0, 0.25 * v0}, within(1e-12));
  }

  @Test
  void shouldLearnTheLakeByTrialAndError() {
    Env<Integer, Integer> env = env("FrozenLake-v1", Map.of("is_slippery", false));
    double[][] q = new QLearning(0.5, 0.95, 1, 0.1).train(env, 2000, 1);
    Mdp mdp = ((TabularEnv) env.unwrapped()).mdp().withGamma(0.95);
    double[] best = ValueIteration.solve(mdp, 1e-12).values();
    assertThat(mdp.initialValue(PolicyEvaluation.evaluate(mdp, QLearning.greedy(q))))
        .isCloseTo(mdp.initialValue(best), within(1e-9));
    assertThat(new QLearning(0.5, 0.95, 1, 0.1).train(env, 2000, 1)).isDeepEqualTo(q);
  }

  /** The model of blackjack against the game: the best policy of the model earns in play what the model says. */
  @Test
  void shouldModelBlackjackAsItIsPlayed() {
    for (Map<String, Object> rules :
        List.<Map<String, Object>>of(Map.of("sab", true), Map.of("sab", false, "natural", true))) {
      Env<List<Object>, Integer> env = env("Blackjack-v1", rules);
      Blackjack game = (Blackjack) env.unwrapped();
      Mdp mdp = game.mdp();
      Solution best = ValueIteration.solve(mdp, 1e-12);
      double expected = mdp.initialValue(best.values());
      double sum = 0;
      int games = 40_000;
      for (int i = 0; i < games; i++) {
        List<Object> seen = (i == 0 ? env.reset(1) : env.reset()).observation();
        boolean first = true;
        Step<List<Object>> step;
        do {
          boolean natural = first && seen.get(0).equals(21);
          int state = (((int) seen.get(0) * 11 + (int) seen.get(1)) * 2 + (int) seen.get(2)) * 2
              + (natural ? 1 : 0);
          step = env.step(best.policy()[state]);
          seen = step.observation();
          first = false;
        } while (!step.terminated());
        sum += step.reward();
      }
      assertThat(sum / games).isCloseTo(expected, within(0.02)); // four standard errors
      assertThat(expected).isBetween(-0.06, 0.0);
    }
  }

  @Test
  void shouldRefuseWhatIsNotAnMdp() {
    double[] initial = {1};
    assertInvalid(() -> Mdp.of(1, 1, (s, a) -> List.of(), initial, 1), "sum to 0.0");
    assertInvalid(
        () -> Mdp.of(1, 1, (s, a) -> List.of(new Transition(1, 1, 0, false)), initial, 1),
        "state 0, action 0: the next state 1");
    assertInvalid(
        () -> Mdp.of(1, 1, (s, a) -> List.of(new Transition(1, 0, Double.NaN, false)), initial, 1),
        "the reward is NaN");
    assertInvalid(
        () -> Mdp.of(1, 1, (s, a) -> List.of(new Transition(1, 0, 0, false)), initial, 1.5),
        "gamma is 1.5");
    Mdp endless = Mdp.of(1, 1, (s, a) -> List.of(new Transition(1, 0, 1, false)), initial, 1);
    assertInvalid(() -> PolicyIteration.solve(endless), "never ends");
    assertThatThrownBy(() -> new QLearning(0, 1, 1, 1))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("learning_rate is 0.0");
  }

  @Test
  void shouldBeAnEnvironmentOfItsOwn() {
    Mdp chain = Mdp.of(
        3,
        2,
        (s, a) -> List.of(
            new Transition(0.9, Math.min(2, s + a), s, s == 2), new Transition(0.1, 0, 0, false)),
        new double[] {0.5, 0.5, 0},
        0.9);
    TabularEnv env = new TabularEnv(chain);
    Generator random = Generator.of(1);
    double[] visits = new double[3];
    env.reset(1);
    for (int i = 0; i < 1000; i++) {
      Step<Integer> step = env.step((int) random.integers(2));
      visits[step.observation()]++;
      if (step.terminated()) {
        env.reset();
      }
    }
    assertThat(visits).doesNotContain(0);
  }

  @SuppressWarnings("unchecked")
  private static <O> Env<O, Integer> env(String id, Map<String, Object> kwargs) {
    return (Env<O, Integer>) REGISTRY.make(id, kwargs);
  }

  private static void assertInvalid(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String says) {
    assertThatThrownBy(call).isInstanceOf(AgentOsException.class).hasMessageContaining(says);
  }
}
