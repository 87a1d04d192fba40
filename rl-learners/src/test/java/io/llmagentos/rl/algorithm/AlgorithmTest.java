package io.llmagentos.rl.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AlgorithmTest {
  private static final Map<String, Object> PPO = Map.of(
      "env", "CartPole-v1",
      "num_envs_per_env_runner", 8,
      "train_batch_size_per_learner", 512,
      "minibatch_size", 128,
      "num_epochs", 2,
      "seed", 7);
  private static final Map<String, Object> REINFORCE = Map.of(
      "env", "CartPole-v1",
      "num_envs_per_env_runner", 8,
      "train_batch_size_per_learner", 512,
      "seed", 7);
  private static final Map<String, Object> DDPG = Map.of(
      "env", "Follow-v0",
      "num_envs_per_env_runner", 8,
      "num_steps_sampled_before_learning_starts", 100,
      "min_sample_timesteps_per_iteration", 160,
      "exploration_noise", "ornstein_uhlenbeck",
      "replay_buffer_capacity", 300,
      "seed", 7);
  private static final Map<String, Object> LSTM = Map.of(
      "env", "CartPole-v1",
      "env_config", Map.of("max_episode_steps", 15),
      "num_envs_per_env_runner", 8,
      "train_batch_size_per_learner", 256,
      "minibatch_size", 64,
      "num_epochs", 2,
      "use_lstm", true,
      "vf_share_layers", true,
      "max_seq_len", 8,
      "seed", 7);

  record Kind(String algorithm, Map<String, Object> settings) {
    @Override
    public String toString() {
      return algorithm + (settings.containsKey("use_lstm") ? " with an LSTM" : "");
    }
  }

  static Stream<Kind> kinds() {
    return Stream.of(
        new Kind("ppo", PPO),
        new Kind("ppo", LSTM),
        new Kind("reinforce", REINFORCE),
        new Kind("ddpg", DDPG));
  }

  private static Algorithm build(Kind kind, Map<String, ?> more) {
    return AlgorithmConfig.of(kind.algorithm())
        .with(kind.settings())
        .with(more)
        .build(TestEnvs.REGISTRY, () -> 0);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void shouldGiveTheSameFromTheSameSeed(Kind kind) {
    try (Algorithm one = build(kind, Map.of());
        Algorithm two = build(kind, Map.of());
        Algorithm other = build(kind, Map.of("seed", 8))) {
      for (int i = 0; i < 3; i++) {
        assertThat(two.train()).isEqualTo(one.train());
        other.train();
      }
      assertThat(two.parameters()).isEqualTo(one.parameters());
      assertThat(other.parameters()).isNotEqualTo(one.parameters());
      assertThat(two.evaluate()).isEqualTo(one.evaluate());
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void shouldNotCareWhichRunnerHasWhichEnvironment(Kind kind) {
    try (Algorithm one = build(kind, Map.of());
        Algorithm two = build(kind, Map.of("num_env_runners", 2, "num_envs_per_env_runner", 4));
        Algorithm eight = build(kind, Map.of("num_env_runners", 8, "num_envs_per_env_runner", 1))) {
      for (int i = 0; i < 3; i++) {
        Map<String, Number> result = one.train();
        assertThat(two.train()).isEqualTo(result);
        assertThat(eight.train()).isEqualTo(result);
      }
      assertThat(two.parameters()).isEqualTo(one.parameters());
      assertThat(eight.parameters()).isEqualTo(one.parameters());
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void shouldResumeAsIfNothingHadHappened(Kind kind, @TempDir Path directory) {
    Map<String, Object> ranks = Map.of("num_learners", 2);
    try (Algorithm undisturbed = build(kind, ranks)) {
      undisturbed.train();
      undisturbed.train();
      undisturbed.saveToPath(directory);
      Map<String, Number> third = undisturbed.train();
      Map<String, Number> fourth = undisturbed.train();
      try (Algorithm resumed = build(
          kind, Map.of("num_learners", 2, "num_env_runners", 2, "num_envs_per_env_runner", 4))) {
        resumed.restoreFromPath(directory);
        assertThat(resumed.train()).isEqualTo(third);
        assertThat(resumed.train()).isEqualTo(fourth);
        assertThat(resumed.parameters()).isEqualTo(undisturbed.parameters());
      }
    }
  }

  @Test
  void shouldAverageTheGradientsOfRanksThatShareTheEnvironments() {
    Kind kind = new Kind("reinforce", REINFORCE);
    Map<String, Object> two = Map.of(
        "num_learners", 2, "train_batch_size_per_learner", 256, "normalize_advantage", false);
    try (Algorithm one = build(kind, Map.of("normalize_advantage", false));
        Algorithm ranks = build(kind, two)) {
      one.train();
      ranks.train();
      float[] expected = one.parameters();
      float[] actual = ranks.parameters();
      for (int i = 0; i < expected.length; i++) {
        assertThat(actual[i]).isCloseTo(expected[i], within(2e-5f));
      }
    }
  }

  @Test
  void shouldRefuseTheCheckpointOfAnother(@TempDir Path directory) throws Exception {
    try (Algorithm ppo = build(new Kind("ppo", PPO), Map.of());
        Algorithm wider = build(new Kind("ppo", PPO), Map.of("fcnet_hiddens", List.of(32)));
        Algorithm ddpg = build(new Kind("ddpg", DDPG), Map.of())) {
      ppo.train();
      ppo.saveToPath(directory);
      for (Algorithm other : List.of(wider, ddpg)) {
        assertThatThrownBy(() -> other.restoreFromPath(directory))
            .isInstanceOfSatisfying(
                AgentOsException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID));
      }
      byte[] whole = Files.readAllBytes(directory.resolve("algorithm_state"));
      Files.write(directory.resolve("algorithm_state"), Arrays.copyOf(whole, whole.length / 2));
      assertThatThrownBy(() -> ppo.restoreFromPath(directory))
          .isInstanceOfSatisfying(
              AgentOsException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID));
      assertThatThrownBy(() -> ppo.restoreFromPath(directory.resolve("nowhere")))
          .isInstanceOfSatisfying(
              AgentOsException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.CHECKPOINT_INVALID));
    }
  }

  @Test
  void shouldReportWithRllibsNames() {
    try (Algorithm algorithm = build(new Kind("ppo", PPO), Map.of("evaluation_interval", 1))) {
      Map<String, Number> result = algorithm.train();
      assertThat(result)
          .containsKeys(
              "env_runners/episode_return_mean",
              "env_runners/episode_len_mean",
              "num_env_steps_sampled_lifetime",
              "learners/default_policy/policy_loss",
              "learners/default_policy/vf_loss",
              "learners/default_policy/entropy",
              "training_iteration",
              "time_total_s",
              "evaluation/env_runners/episode_return_mean");
      assertThat(result.get("training_iteration")).isEqualTo(1);
      assertThat(result.get("num_env_steps_sampled_lifetime")).isEqualTo(512L);
    }
  }

  @Test
  void shouldActAsItLearnt() {
    Map<String, Object> settings = Map.of(
        "env",
        "Allowed-v0",
        "num_envs_per_env_runner",
        4,
        "train_batch_size_per_learner",
        200,
        "lr",
        0.01,
        "gamma",
        0.0);
    try (Algorithm algorithm = build(new Kind("ppo", settings), Map.of())) {
      for (int i = 0; i < 20; i++) {
        algorithm.train();
      }
      // Among the allowed ones it is best to take the largest number: 2, but 1 where 2 is
      // forbidden.
      assertThat(algorithm.computeSingleAction(new float[] {0})).containsExactly(2);
      assertThat(algorithm.computeSingleAction(new float[] {1})).containsExactly(2);
      assertThat(Results.episodeReturnMean(algorithm.evaluate())).isGreaterThan(15);
      assertThatThrownBy(() -> algorithm.computeSingleAction(new float[] {1, 2}))
          .isInstanceOf(AgentOsException.class)
          .hasMessageContaining("2 numbers, must have 1");
    }
  }

  @Test
  void shouldStopAtAGradientThatIsNotFinite() {
    try (Algorithm algorithm = build(new Kind("ppo", PPO), Map.of("lr", 1e30))) {
      assertThatThrownBy(() -> {
            for (int i = 0; i < 5; i++) {
              algorithm.train();
            }
          })
          .isInstanceOfSatisfying(
              AgentOsException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.TRAINING_DIVERGED));
    }
  }
}
