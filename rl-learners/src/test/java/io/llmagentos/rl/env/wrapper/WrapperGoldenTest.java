package io.llmagentos.rl.env.wrapper;

import static io.llmagentos.rl.GoldenData.doubles;
import static io.llmagentos.rl.GoldenData.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.rl.GoldenData;
import io.llmagentos.rl.GoldenData.Recording;
import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.classic.Pendulum;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.space.Box;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WrapperGoldenTest {
  /** Begins its episodes in recorded states. */
  private static final class Recorded extends Wrapper<float[], float[]> {
    private final Deque<double[]> starts = new ArrayDeque<>();

    Recorded(ArrayEnv<float[], float[]> env) {
      super(env);
    }

    @Override
    public Map<String, Object> reset(float[] observation, int offset) {
      Map<String, Object> info = super.reset(observation, offset);
      Pendulum inner = (Pendulum) unwrapped();
      inner.state(starts.remove());
      inner.observe(observation, offset);
      return info;
    }
  }

  record Case(JsonNode json, int maxEpisodeSteps) {
    @Override
    public String toString() {
      return json.path("wrapper").asText();
    }
  }

  static List<Case> cases() {
    return GoldenData.recordings(recording -> recording.format().equals("rl-golden-wrappers-1"))
        .stream()
        .flatMap((Recording recording) -> recording
            .json()
            .path("cases")
            .valueStream()
            .map(json ->
                new Case(json, recording.json().path("max_episode_steps").asInt())))
        .toList();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("cases")
  void shouldReplayGymnasium(Case recorded) {
    Recorded start = new Recorded(pendulum(recorded.maxEpisodeSteps()));
    ArrayEnv<float[], float[]> env = wrap(recorded, start);
    assertThat(((Box) env.observationSpace()).shape())
        .isEqualTo(recorded
            .json()
            .path("shape")
            .valueStream()
            .mapToInt(JsonNode::asInt)
            .toArray());
    float[] observation = new float[env.observationSpace().flatdim()];
    start.starts.add(doubles(recorded.json().path("initial_state")));
    env.reset(observation, 0);
    close("reset", observation, recorded.json().path("initial_obs"));
    Outcome outcome = new Outcome();
    int number = 0;
    for (JsonNode step : recorded.json().path("steps")) {
      String at = "step " + number++;
      if (step.has("reset_state")) {
        start.starts.add(doubles(step.path("reset_state")));
        env.reset(observation, 0);
      } else {
        env.step(new float[] {(float) step.path("a").asDouble()}, 0, observation, 0, outcome);
        double reward = step.path("r").asDouble();
        assertThat(outcome.reward)
            .as(at)
            .isCloseTo(reward, within(1e-6 * Math.max(1, Math.abs(reward))));
        assertThat(outcome.terminated).as(at).isEqualTo(step.path("te").asBoolean());
        assertThat(outcome.truncated).as(at).isEqualTo(step.path("tr").asBoolean());
      }
      close(at, observation, step.path("obs"));
    }
  }

  @SuppressWarnings("unchecked")
  private static ArrayEnv<float[], float[]> pendulum(int maxEpisodeSteps) {
    return (ArrayEnv<float[], float[]>)
        EnvRegistry.load().make("Pendulum-v1", Map.of("max_episode_steps", maxEpisodeSteps));
  }

  private static ArrayEnv<float[], float[]> wrap(Case recorded, ArrayEnv<float[], float[]> env) {
    String name = recorded.toString();
    String digits = name.replaceAll("\\D", "");
    return switch (name.replaceAll("\\d", "")) {
      case "NormalizeObservation" -> new NormalizeObservation<>(env);
      case "NormalizeReward" -> new NormalizeReward<>(env);
      case "TimeAwareObservation" ->
        new TimeAwareObservation<>(env, recorded.maxEpisodeSteps(), false);
      case "RescaleAction" -> new RescaleAction<>(env, -1, 1);
      case "FrameStack", "FrameStackObservation" ->
        new FrameStackObservation<>(env, Integer.parseInt(digits));
      case "ClipAction" -> new ClipAction<>(env);
      case "RepeatAction" -> new RepeatAction<>(env, Integer.parseInt(digits));
      default -> throw new AssertionError("a wrapper that this test does not know: " + name);
    };
  }

  private static void close(String at, float[] observation, JsonNode recorded) {
    float[] expected = floats(recorded);
    assertThat(observation).as(at).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) observation[i])
          .as(at + " [" + i + "]")
          .isCloseTo(expected[i], within(1e-6 * Math.max(1, Math.abs(expected[i]))));
    }
  }
}
