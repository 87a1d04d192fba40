package io.llmagentos.rl.env;

import static io.llmagentos.rl.GoldenData.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.rl.GoldenData;
import io.llmagentos.rl.GoldenData.Recording;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class VectorEnvGoldenTest {
  static List<Recording> recordings() {
    return GoldenData.recordings(recording -> recording.format().equals("rl-golden-vector-1"));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("recordings")
  void shouldResetAsGymnasiumResets(Recording recording) {
    assertThat(recording.json().path("cases")).isNotEmpty();
    for (JsonNode recorded : recording.json().path("cases")) {
      Map<String, Object> kwargs = new HashMap<>(
          Map.of("max_episode_steps", recorded.path("max_episode_steps").asInt()));
      if (recording.json().has("kwargs")) {
        kwargs.putAll(recording.kwargs());
      }
      JsonNode seeds = recorded.path("seeds");
      AutoresetMode mode = switch (recorded.path("mode").asText().toLowerCase(Locale.ROOT)) {
        case "nextstep" -> AutoresetMode.NEXT_STEP;
        case "samestep" -> AutoresetMode.SAME_STEP;
        default -> AutoresetMode.DISABLED;
      };
      try (VectorEnv envs =
          EnvRegistry.load().makeVec(recording.envId(), seeds.size(), mode, kwargs)) {
        replay(envs, recorded);
      }
    }
  }

  private static void replay(VectorEnv envs, JsonNode recorded) {
    JsonNode seeds = recorded.path("seeds");
    long[] seed = new long[seeds.size()];
    for (int i = 0; i < seed.length; i++) {
      seed[i] = seeds.get(i).asLong();
    }
    VectorStep step = envs.newStep();
    envs.reset(seed, step);
    rows("reset", step.observations(), recorded.path("initial_obs"));
    int finals = 0;
    int number = 0;
    for (JsonNode expected : recorded.path("steps")) {
      String at = envs.mode() + " step " + number++;
      envs.step(actions(envs, expected.path("a")), step);
      rows(at, step.observations(), expected.path("obs"));
      for (int i = 0; i < envs.size(); i++) {
        assertThat(step.rewards()[i]).as(at).isEqualTo(expected.path("r").get(i).asDouble());
        assertThat(step.terminated()[i])
            .as(at)
            .isEqualTo(expected.path("te").get(i).asBoolean());
        assertThat(step.truncated()[i])
            .as(at)
            .isEqualTo(expected.path("tr").get(i).asBoolean());
        JsonNode last = expected.path("final_obs").path(i);
        if (last.isArray()) {
          assertThat(step.done(i)).as(at).isTrue();
          row(at, step.finalObservations(), i, last);
          finals++;
        }
      }
    }
    assertThat(finals > 0).isEqualTo(envs.mode() == AutoresetMode.SAME_STEP);
  }

  private static float[] actions(VectorEnv envs, JsonNode recorded) {
    float[] actions = new float[envs.size() * envs.actionWidth()];
    for (int i = 0; i < envs.size(); i++) {
      JsonNode action = recorded.get(i);
      float[] numbers = action.isArray() ? floats(action) : new float[] {(float) action.asDouble()};
      System.arraycopy(numbers, 0, actions, i * envs.actionWidth(), numbers.length);
    }
    return actions;
  }

  private static void rows(String at, float[] observations, JsonNode expected) {
    for (int i = 0; i < expected.size(); i++) {
      row(at, observations, i, expected.get(i));
    }
  }

  private static void row(String at, float[] observations, int row, JsonNode expected) {
    float[] numbers = floats(expected);
    for (int j = 0; j < numbers.length; j++) {
      assertThat((double) observations[row * numbers.length + j])
          .as(at + " environment " + row)
          .isCloseTo(numbers[j], within(1e-6 * Math.max(1, Math.abs(numbers[j]))));
    }
  }
}
