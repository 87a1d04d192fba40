package io.llmagentos.rl.env.wrapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.EnvChecker;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.env.classic.CartPole;
import io.llmagentos.rl.env.classic.Pendulum;
import io.llmagentos.rl.env.toytext.Blackjack;
import io.llmagentos.rl.space.Box;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WrapperTest {
  @Test
  void shouldKeepTheContractAndSnapshotsThroughEveryWrapper() {
    EnvChecker.check("wrapped", () -> {
      ArrayEnv<float[], float[]> env = new TimeLimit<>(new Pendulum(10), 20);
      env = new RecordEpisodeStatistics<>(new RepeatAction<>(new RescaleAction<>(env, -1, 1), 3));
      return new OrderEnforcing<>(
          new FrameStackObservation<>(new TimeAwareObservation<>(env, 20, false), 2), "wrapped");
    });
  }

  /** Statistics outlive a seed, so the checker's runs would differ; a snapshot must hold them all the same. */
  @Test
  void shouldKeepStatisticsInASnapshot() {
    ArrayEnv<float[], float[]> env = normalized();
    ArrayEnv<float[], float[]> other = normalized();
    env.reset(1);
    other.reset(2);
    for (int i = 0; i < 30; i++) {
      env.step(new float[] {i % 3 - 1});
    }
    other.restore(env.snapshot().orElseThrow());
    for (int i = 0; i < 30; i++) {
      Step<float[]> step = env.step(new float[] {i % 2});
      Step<float[]> again = other.step(new float[] {i % 2});
      assertThat(again.observation()).isEqualTo(step.observation());
      assertThat(again.reward()).isEqualTo(step.reward());
    }
  }

  private static ArrayEnv<float[], float[]> normalized() {
    return new NormalizeReward<>(new NormalizeObservation<>(new Pendulum(10)));
  }

  @Test
  void shouldCountReturnAndLength() {
    ArrayEnv<float[], Integer> env =
        new RecordEpisodeStatistics<>(new TimeLimit<>(new CartPole(false), 5));
    env.reset(1);
    for (int i = 0; i < 4; i++) {
      assertThat(env.step(i % 2).info()).doesNotContainKey("episode");
    }
    Step<float[]> last = env.step(0);
    assertThat(last.truncated()).isTrue();
    assertThat(last.info()).containsEntry("episode", Map.of("r", 5.0, "l", 5));
  }

  @Test
  void shouldFlattenTuples() {
    ArrayEnv<float[], Integer> env = new FlattenObservation<>(new Blackjack(false, true));
    assertThat(env.observationSpace()).isEqualTo(Box.of(0, 1, 45));
    float[] observation = env.reset(1000).observation(); // player 18, dealer 3, no ace
    assertThat(observation[18]).isEqualTo(1);
    assertThat(observation[32 + 3]).isEqualTo(1);
    assertThat(observation[32 + 11]).isEqualTo(1);
  }

  @Test
  void shouldHoldStatisticsStillInAnEvaluation() {
    NormalizeObservation<float[]> env = new NormalizeObservation<>(new Pendulum(10));
    env.reset(1);
    env.updateRunningMean(false);
    float[] once = env.reset(2).observation();
    env.reset(3);
    assertThat(env.reset(2).observation()).isEqualTo(once);
  }

  @Test
  void shouldRefuseSpacesThatAWrapperCannotHandle() {
    assertThatThrownBy(() -> new RescaleAction<>(new ClipAction<>(new Pendulum(10)), -1, 1))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("finite bounds");
    RescaleAction<float[]> env = new RescaleAction<>(new Pendulum(10), -1, 1);
    env.reset(1);
    assertThatThrownBy(() -> env.step(new float[] {1.5f}))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("1.5");
  }
}
