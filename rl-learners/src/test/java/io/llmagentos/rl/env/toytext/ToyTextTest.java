package io.llmagentos.rl.env.toytext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.EnvChecker;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.tabular.Mdp;
import io.llmagentos.rl.tabular.Transition;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ToyTextTest {
  private static final EnvRegistry REGISTRY = EnvRegistry.load();

  /** Expected: NumPy 2.4.6, {@code default_rng(3).choice(["F", "H"], (6, 6), p=[0.6, 0.4])} until there is a way. */
  @Test
  void shouldDrawGymnasiumsRandomMaps() {
    assertThat(FrozenLake.randomMap(4, 0.8, 1)).isEqualTo(List.of("SHFH", "FFHF", "FFFF", "FFFG"));
    assertThat(FrozenLake.randomMap(6, 0.6, 3))
        .isEqualTo(List.of("SHHFFF", "FFHFFH", "FFHHFF", "FFFFHH", "FHFFFF", "HFFFFG"));
  }

  @Test
  void shouldSlipAsOftenAsItIsTold() {
    Mdp mdp = tabular(
            "FrozenLake-v1", Map.of("success_rate", 0.9, "reward_schedule", List.of(10, -5, -0.1)))
        .mdp();
    assertThat(mdp.transitions(14, 2))
        .extracting(Transition::probability)
        .containsExactly((1 - 0.9) / 2, 0.9, (1 - 0.9) / 2);
    assertThat(mdp.transitions(14, 2))
        .extracting(Transition::reward)
        .containsExactly(-0.1, 10.0, -0.1);
    assertThat(mdp.transitions(4, 2).get(1).reward()).isEqualTo(-5);
  }

  @Test
  void shouldTakeAnyMap() {
    TabularEnv lake =
        tabular("FrozenLake-v1", Map.of("desc", List.of("SFS", "HFG"), "is_slippery", false));
    assertThat(lake.mdp().states()).isEqualTo(6);
    assertThat(lake.mdp().initial(0)).isEqualTo(0.5);
    assertThat(lake.mdp().initial(2)).isEqualTo(0.5);
    assertThat(lake.mdp().transitions(2, 1)).containsExactly(new Transition(1, 5, 1, true));
    assertThatThrownBy(() -> REGISTRY.make("FrozenLake-v1", Map.of("desc", List.of("SF", "G"))))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("[SF, G]");
    assertThatThrownBy(() -> REGISTRY.make("FrozenLake-v1", Map.of("desc", List.of("FF", "FG"))))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("with an S");
  }

  /** A possible move may go to the left or right of its direction; one into a wall goes nowhere. */
  @Test
  void shouldSkidInTheRain() {
    Mdp mdp = tabular("Taxi-v4", Map.of("is_rainy", true)).mdp();
    assertThat(mdp.transitions(1, 0)).extracting(Transition::nextState).containsExactly(101, 21, 1);
    assertThat(mdp.transitions(1, 0).getFirst().probability()).isEqualTo(0.8);
    assertThat(mdp.transitions(1, 0).get(1).probability()).isCloseTo(0.1, within(1e-12));
    assertThat(mdp.transitions(21, 2))
        .extracting(Transition::nextState)
        .containsExactly(21, 21, 21);
  }

  @Test
  @SuppressWarnings("unchecked")
  void shouldChangeTheDestinationOfAFicklePassengerOnce() {
    Env<Integer, Integer> env = (Env<Integer, Integer>)
        REGISTRY.make("Taxi-v4", Map.of("fickle_passenger", true, "fickle_probability", 1));
    env.reset(4);
    tabular(env).state(1); // at R, where the passenger waits for G
    assertThat(env.step(4).observation() % 4).isEqualTo(1);
    int changed = env.step(0).observation() % 4;
    assertThat(changed).isNotEqualTo(1);
    for (int i = 0; i < 5; i++) {
      assertThat(env.step(i % 2).observation() % 4).isEqualTo(changed);
    }
    EnvChecker.check(
        "Taxi-v4",
        () -> REGISTRY.make("Taxi-v4", Map.of("fickle_passenger", true, "is_rainy", true)));
  }

  @Test
  @SuppressWarnings("unchecked")
  void shouldShowItself() {
    Env<Integer, Integer> lake = (Env<Integer, Integer>) REGISTRY.make("FrozenLake-v1");
    lake.reset(1);
    assertThat(lake.render().orElseThrow()).contains("[S] F  F  F ");
    Env<Integer, Integer> cliff = (Env<Integer, Integer>) REGISTRY.make("CliffWalking-v1");
    cliff.reset(1);
    assertThat(cliff.render().orElseThrow()).endsWith("x  C  C  C  C  C  C  C  C  C  C  T\n");
    Env<Integer, Integer> taxi = (Env<Integer, Integer>) REGISTRY.make("Taxi-v4");
    taxi.reset(1);
    tabular(taxi).state(1);
    assertThat(taxi.render().orElseThrow()).contains("|T: | : :G|").endsWith("R -> G\n");
  }

  private static TabularEnv tabular(String id, Map<String, Object> kwargs) {
    return tabular(REGISTRY.make(id, kwargs));
  }

  private static TabularEnv tabular(Env<?, ?> env) {
    return (TabularEnv) env.unwrapped();
  }
}
