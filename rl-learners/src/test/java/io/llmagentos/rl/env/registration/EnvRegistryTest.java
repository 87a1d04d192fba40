package io.llmagentos.rl.env.registration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.Reset;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvRegistryTest {
  private static final EnvRegistry REGISTRY = EnvRegistry.load();

  @ParameterizedTest
  @CsvSource({
    "CartPole-v2, 'there is CartPole-v1'",
    "CartPol-v1, 'did you mean ''CartPole-v1'''",
    "taxi-v4, 'did you mean ''Taxi-v4'''",
  })
  void shouldNameTheNearestOfAnUnknownId(String id, String hint) {
    assertThatThrownBy(() -> REGISTRY.make(id))
        .isInstanceOfSatisfying(
            AgentOsException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.ENVIRONMENT_NOT_FOUND))
        .hasMessageContaining("'" + id + "'")
        .hasMessageContaining(hint);
  }

  @Test
  void shouldNameTheNearestOfAnUnknownOption() {
    assertThatThrownBy(() -> REGISTRY.make("FrozenLake-v1", Map.of("is_slipery", false)))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining(
            "FrozenLake-v1 has no option 'is_slipery'; did you mean 'is_slippery'?");
  }

  @ParameterizedTest
  @CsvSource({
    "FrozenLake-v1, map_name, 5x5, 'map_name is 5x5'",
    "FrozenLake-v1, is_slippery, maybe, 'is_slippery is maybe, must be true or false'",
    "Pendulum-v1, g, heavy, 'g is heavy, must be a number'",
    "CartPole-v1, max_episode_steps, none, 'max_episode_steps is none, must be an integer'",
  })
  void shouldRefuseAnOptionOfTheWrongKind(String id, String name, String value, String says) {
    assertThatThrownBy(() -> REGISTRY.make(id, Map.of(name, value)))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining(id + ": " + says);
  }

  @Test
  void shouldRefuseATimeLimitBelowOne() {
    assertThatThrownBy(() -> REGISTRY.make("CartPole-v1", Map.of("max_episode_steps", 0)))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("max_episode_steps is 0, must be at least 1");
  }

  @Test
  void shouldRefuseAStepBeforeTheFirstReset() {
    @SuppressWarnings("unchecked")
    Env<float[], Integer> env = (Env<float[], Integer>) REGISTRY.make("CartPole-v1");
    assertThatThrownBy(() -> env.step(0))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("CartPole-v1: step without reset: no episode has begun");
  }

  @Test
  void shouldTellWhichEnvironmentBrokeItsSpaceOrGaveNoReward() {
    EnvRegistry registry = new EnvRegistry(List.of(
        new EnvSpec("Broken-v0", kwargs -> new Counter(2, 1)),
        new EnvSpec("Silent-v0", kwargs -> new Counter(9, Double.NaN))));
    assertThatThrownBy(() -> play(registry, "Broken-v0"))
        .isInstanceOfSatisfying(
            AgentOsException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.ENVIRONMENT_FAILED))
        .hasMessageContaining(
            "Broken-v0: the observation 2 is outside its declared space Discrete");
    assertThatThrownBy(() -> play(registry, "Silent-v0"))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("Silent-v0: the reward is NaN");
  }

  @SuppressWarnings("unchecked")
  private static void play(EnvRegistry registry, String id) {
    Env<Integer, Integer> env = (Env<Integer, Integer>) registry.make(id);
    env.reset(1);
    for (int i = 0; i < 5; i++) {
      env.step(0);
    }
  }

  @Test
  void shouldRefuseTwoEnvironmentsOfOneIdAndIdsWithoutAVersion() {
    EnvSpec spec = new EnvSpec("A-v0", kwargs -> new Counter(9, 1));
    assertThatThrownBy(() -> new EnvRegistry(List.of(spec, spec)))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("'A-v0'");
    assertThatThrownBy(() -> new EnvSpec("A", kwargs -> new Counter(9, 1)))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("[namespace/]Name-v0");
  }

  /** Counts its steps in a space of n numbers. */
  private static final class Counter implements Env<Integer, Integer> {
    private final int n;
    private final double reward;
    private int count;

    Counter(int n, double reward) {
      this.n = n;
      this.reward = reward;
    }

    @Override
    public Space<Integer> observationSpace() {
      return new Discrete(n);
    }

    @Override
    public Space<Integer> actionSpace() {
      return new Discrete(2);
    }

    @Override
    public Reset<Integer> reset() {
      count = 0;
      return new Reset<>(count, Map.of());
    }

    @Override
    public Reset<Integer> reset(long seed) {
      return reset();
    }

    @Override
    public Step<Integer> step(Integer action) {
      return new Step<>(++count, reward, false, false, Map.of());
    }
  }
}
