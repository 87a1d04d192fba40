package io.llmagentos.rl.env.toytext;

import static io.llmagentos.rl.GoldenData.doubles;
import static io.llmagentos.rl.GoldenData.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.rl.GoldenData;
import io.llmagentos.rl.GoldenData.Recording;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.Reset;
import io.llmagentos.rl.env.Step;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.env.registration.EnvSpec;
import io.llmagentos.rl.tabular.Mdp;
import io.llmagentos.rl.tabular.Transition;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ToyTextGoldenTest {
  private static final EnvRegistry REGISTRY = EnvRegistry.load();

  static List<Recording> recordings() {
    return GoldenData.recordings(recording -> recording.json().has("P"));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("recordings")
  void shouldBeGymnasiumsModel(Recording recording) {
    EnvSpec spec = REGISTRY.spec(recording.envId());
    JsonNode json = recording.json();
    assertThat(spec.maxEpisodeSteps().orElse(0))
        .isEqualTo(json.path("max_episode_steps").asInt());
    assertThat(spec.rewardThreshold().orElse(0))
        .isEqualTo(json.path("reward_threshold").asDouble());
    Mdp mdp = tabular(REGISTRY.make(recording.envId(), recording.kwargs())).mdp();
    assertThat(mdp.states()).isEqualTo(json.path("P").size());
    for (int s = 0; s < mdp.states(); s++) {
      assertThat(mdp.initial(s))
          .isEqualTo(json.path("initial_state_distrib").get(s).asDouble());
      assertThat(mdp.actions()).isEqualTo(json.path("P").get(s).size());
      for (int a = 0; a < mdp.actions(); a++) {
        JsonNode outcomes = json.path("P").get(s).get(a);
        List<Transition> transitions = mdp.transitions(s, a);
        assertThat(transitions).as("state " + s + " action " + a).hasSize(outcomes.size());
        for (int i = 0; i < outcomes.size(); i++) {
          JsonNode outcome = outcomes.get(i);
          assertThat(transitions.get(i))
              .as("state " + s + " action " + a)
              .isEqualTo(new Transition(
                  outcome.get(0).asDouble(),
                  outcome.get(1).asInt(),
                  outcome.get(2).asDouble(),
                  outcome.get(3).asBoolean()));
        }
      }
    }
  }

  /** A fickle passenger draws more than the recorded uniforms. */
  static List<Recording> recordingsWithAllDraws() {
    return recordings().stream()
        .filter(recording ->
            !recording.kwargs().getOrDefault("fickle_passenger", false).equals(true))
        .toList();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("recordingsWithAllDraws")
  void shouldReplayGymnasiumWithItsDraws(Recording recording) {
    for (JsonNode trajectory : recording.json().path("trajectories")) {
      Env<Integer, Integer> env = make(recording);
      Deque<Double> draws = new ArrayDeque<>();
      for (String key : List.of("reset_draws", "draws")) {
        for (double draw : doubles(trajectory.path(key))) {
          draws.add(draw);
        }
      }
      tabular(env).play(draws::remove);
      replay(env, trajectory);
      assertThat(draws).isEmpty();
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("recordings")
  void shouldReplayGymnasiumFromTheSeedAlone(Recording recording) {
    for (JsonNode trajectory : recording.json().path("trajectories")) {
      replay(make(recording), trajectory);
    }
  }

  private static void replay(Env<Integer, Integer> env, JsonNode trajectory) {
    String name = "seed " + trajectory.path("seed") + " ";
    Reset<Integer> reset = env.reset(trajectory.path("seed").asLong());
    assertThat(reset.observation())
        .as(name)
        .isEqualTo(trajectory.path("initial_state").asInt());
    if (trajectory.has("initial_action_mask")) {
      mask(name, reset.info(), trajectory.path("initial_action_mask"));
    }
    JsonNode actions = trajectory.path("actions");
    for (int i = 0; i < actions.size(); i++) {
      Step<Integer> step = env.step(actions.get(i).asInt());
      String at = name + "step " + i;
      assertThat(step.observation())
          .as(at)
          .isEqualTo(trajectory.path("obs").get(i).asInt());
      assertThat(step.reward()).as(at).isEqualTo(entry(trajectory.path("rewards"), i));
      assertThat(step.info().get("prob")).as(at).isEqualTo(entry(trajectory.path("probs"), i));
      if (trajectory.has("action_masks")) {
        mask(at, step.info(), trajectory.path("action_masks").get(i));
      }
      boolean last = i == actions.size() - 1;
      assertThat(step.terminated())
          .as(at)
          .isEqualTo(last && trajectory.path("terminated").asBoolean());
      assertThat(step.truncated())
          .as(at)
          .isEqualTo(last && trajectory.path("truncated").asBoolean());
    }
  }

  private static void mask(String at, Map<String, Object> info, JsonNode recorded) {
    byte[] bytes = (byte[]) Objects.requireNonNull(info.get("action_mask"));
    for (int i = 0; i < bytes.length; i++) {
      assertThat((int) bytes[i]).as(at).isEqualTo(recorded.get(i).asInt());
    }
  }

  private static TabularEnv tabular(Env<?, ?> env) {
    return (TabularEnv) env.unwrapped();
  }

  @SuppressWarnings("unchecked")
  private static Env<Integer, Integer> make(Recording recording) {
    return (Env<Integer, Integer>) REGISTRY.make(recording.envId(), recording.kwargs());
  }
}
