package io.llmagentos.rl.env.classic;

import static io.llmagentos.rl.GoldenData.doubles;
import static io.llmagentos.rl.GoldenData.entry;
import static io.llmagentos.rl.GoldenData.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.rl.GoldenData;
import io.llmagentos.rl.GoldenData.Recording;
import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.env.registration.EnvSpec;
import io.llmagentos.rl.env.wrapper.TimeLimit;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ClassicControlGoldenTest {
  private static final double TOLERANCE = 1e-6;
  private static final EnvRegistry REGISTRY = EnvRegistry.load();

  static List<Recording> recordings() {
    Set<String> ids = new ClassicControlProvider()
        .environments().stream().map(EnvSpec::id).collect(Collectors.toSet());
    return GoldenData.recordings(
        recording -> recording.format().equals("rl-golden-1") && ids.contains(recording.envId()));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("recordings")
  void shouldReplayGymnasium(Recording recording) {
    JsonNode json = recording.json();
    EnvSpec spec = REGISTRY.spec(recording.envId());
    assertThat(spec.maxEpisodeSteps().orElse(0))
        .isEqualTo(json.path("max_episode_steps").asInt());
    assertThat(spec.rewardThreshold().orElse(0))
        .isEqualTo(json.path("reward_threshold").asDouble());
    ClassicControl<?> inner =
        (ClassicControl<?>) REGISTRY.make(recording.envId(), recording.kwargs()).unwrapped();
    // Recorded actions may be outside the space: Gymnasium leaves that to the environment.
    ArrayEnv<?, ?> env = new TimeLimit<>(inner, json.path("max_episode_steps").asInt());
    assertThat(json.path("trajectories")).isNotEmpty();
    for (JsonNode trajectory : json.path("trajectories")) {
      replay(env, trajectory, json.path("resync_every").asInt());
    }
  }

  private static void replay(ArrayEnv<?, ?> env, JsonNode trajectory, int resyncEvery) {
    String name = "seed " + trajectory.path("seed") + " ";
    ClassicControl<?> inner = (ClassicControl<?>) env.unwrapped();
    float[] observation = new float[env.observationSpace().flatdim()];
    env.reset(trajectory.path("seed").asLong(), observation, 0);
    assertThat(inner.state())
        .as(name + "reset")
        .isEqualTo(doubles(trajectory.path("initial_state")));
    close(name + "first", observation, trajectory.path("initial_obs"));
    JsonNode actions = trajectory.path("actions");
    Outcome outcome = new Outcome();
    float[] action = new float[1];
    for (int i = 0; i < actions.size(); i++) {
      String at = name + "step " + i;
      if (resyncEvery > 0 && i > 0 && i % resyncEvery == 0) {
        inner.state(doubles(trajectory.path("resync").get(i / resyncEvery - 1)));
      }
      JsonNode recorded = actions.get(i);
      action[0] = (float) (recorded.isArray() ? recorded.get(0) : recorded).asDouble();
      env.step(action, 0, observation, 0, outcome);
      close(at, observation, trajectory.path("obs").get(i));
      double reward = entry(trajectory.path("rewards"), i);
      assertThat(outcome.reward)
          .as(at)
          .isCloseTo(reward, within(TOLERANCE * Math.max(1, Math.abs(reward))));
      boolean last = i == actions.size() - 1;
      assertThat(outcome.terminated)
          .as(at)
          .isEqualTo(last && trajectory.path("terminated").asBoolean());
      assertThat(outcome.truncated)
          .as(at)
          .isEqualTo(last && trajectory.path("truncated").asBoolean());
    }
    assertThat(inner.state())
        .as(name + "last state")
        .containsExactly(doubles(trajectory.path("final_state")), within(TOLERANCE));
  }

  private static void close(String at, float[] observation, JsonNode recorded) {
    float[] expected = floats(recorded);
    assertThat(observation).as(at).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) observation[i])
          .as(at + " [" + i + "]")
          .isCloseTo(expected[i], within(TOLERANCE * Math.max(1, Math.abs(expected[i]))));
    }
  }
}
