package io.llmagentos.rl.env.classic;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.rl.env.Step;
import org.junit.jupiter.api.Test;

class StatelessCartPoleTest {
  @Test
  void shouldShowWhatCartPoleShowsButItsVelocities() {
    CartPole whole = new CartPole(false);
    StatelessCartPole env = new StatelessCartPole(false);
    same(env.reset(3).observation(), whole.reset(3).observation());
    for (int i = 0; i < 20; i++) {
      Step<float[]> step = env.step(i % 2);
      Step<float[]> expected = whole.step(i % 2);
      same(step.observation(), expected.observation());
      assertThat(step.reward()).isEqualTo(expected.reward());
      assertThat(step.terminated()).isEqualTo(expected.terminated());
    }
    same(env.reset().observation(), whole.reset().observation());
    assertThat(env.observationSpace().contains(env.reset().observation())).isTrue();
  }

  private static void same(float[] observation, float[] whole) {
    assertThat(observation).containsExactly(whole[0], whole[2]);
  }
}
