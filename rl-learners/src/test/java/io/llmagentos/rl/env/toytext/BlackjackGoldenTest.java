package io.llmagentos.rl.env.toytext;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.rl.GoldenData;
import io.llmagentos.rl.GoldenData.Recording;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BlackjackGoldenTest {
  static List<Recording> recordings() {
    return GoldenData.recordings(recording -> recording.envId().equals("Blackjack-v1"));
  }

  /** From the seed alone: the hands, every card after them and the end. */
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("recordings")
  void shouldReplayGymnasium(Recording recording) {
    for (JsonNode trajectory : recording.json().path("trajectories")) {
      String name = "seed " + trajectory.path("seed") + " ";
      Env<List<Object>, Integer> env = make(recording);
      Blackjack inner = (Blackjack) env.unwrapped();
      assertThat(env.reset(trajectory.path("seed").asLong()).observation())
          .as(name)
          .isEqualTo(integers(trajectory.path("initial_obs")));
      assertThat(inner.dealer()).as(name).isEqualTo(integers(trajectory.path("dealer")));
      assertThat(inner.player()).as(name).isEqualTo(integers(trajectory.path("player")));
      JsonNode actions = trajectory.path("actions");
      for (int i = 0; i < actions.size(); i++) {
        Step<List<Object>> step = env.step(actions.get(i).asInt());
        assertThat(step.observation())
            .as(name)
            .isEqualTo(integers(trajectory.path("obs").get(i)));
        assertThat(step.reward())
            .as(name)
            .isEqualTo(GoldenData.entry(trajectory.path("rewards"), i));
        assertThat(step.terminated())
            .as(name)
            .isEqualTo(i == actions.size() - 1 && trajectory.path("terminated").asBoolean());
        assertThat(step.truncated()).as(name).isFalse();
      }
      List<Object> drawn =
          new ArrayList<>(inner.player().subList(2, inner.player().size()));
      drawn.addAll(inner.dealer().subList(2, inner.dealer().size()));
      assertThat(drawn).as(name).isEqualTo(integers(trajectory.path("cards_drawn")));
    }
  }

  private static List<Object> integers(JsonNode array) {
    List<Object> out = new ArrayList<>();
    array.forEach(entry -> out.add(entry.asInt()));
    return out;
  }

  @SuppressWarnings("unchecked")
  private static Env<List<Object>, Integer> make(Recording recording) {
    return (Env<List<Object>, Integer>)
        EnvRegistry.load().make(recording.envId(), recording.kwargs());
  }
}
