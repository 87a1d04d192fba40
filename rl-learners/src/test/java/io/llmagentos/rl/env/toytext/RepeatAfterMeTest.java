package io.llmagentos.rl.env.toytext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RepeatAfterMeTest {
  @Test
  void shouldRewardTheCoinOfSoManyStepsBefore() {
    RepeatAfterMe env = new RepeatAfterMe(2);
    for (int episode = 0; episode < 3; episode++) {
      List<Integer> coins = new ArrayList<>();
      coins.add(episode == 0 ? env.reset(5).observation() : env.reset().observation());
      for (int t = 0; t < 40; t++) {
        int action = t < 2 ? 1 : t % 3 == 0 ? 1 - coins.get(t - 2) : coins.get(t - 2);
        Step<Integer> step = env.step(action);
        assertThat(step.reward()).as("step %d", t).isEqualTo(t < 2 ? 0 : t % 3 == 0 ? -1 : 1);
        coins.add(step.observation());
      }
      assertThat(coins).contains(0, 1);
    }
  }

  @Test
  void shouldRefuseToRepeatBeforeItHasSaid() {
    Map<String, Object> none = Map.of("repeat_delay", 0);
    assertThatThrownBy(() -> EnvRegistry.load().make("rllib/RepeatAfterMe-v0", none))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("repeat_delay is 0, must be an integer of at least 1");
  }
}
