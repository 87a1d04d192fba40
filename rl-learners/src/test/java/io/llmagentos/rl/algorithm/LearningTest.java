package io.llmagentos.rl.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.policy.Convolution;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each algorithm learns within a small budget. Seeds are fixed: these runs go the same way every time. */
class LearningTest {
  private static Map<String, Number> train(Algorithm algorithm, double mean, long steps) {
    Map<String, Number> result;
    do {
      result = algorithm.train();
    } while (result.getOrDefault("env_runners/episode_return_mean", -1e9).doubleValue() < mean
        && Results.steps(result) < steps);
    return result;
  }

  private static double evaluated(Algorithm algorithm) {
    return Results.episodeReturnMean(algorithm.evaluate());
  }

  @Test
  void shouldBalanceThePoleWithReinforce() {
    AlgorithmConfig<?> config = new REINFORCEConfig()
        .environment("CartPole-v1", Map.of())
        .envRunners(AlgorithmConfig.NUM_ENVS_PER_ENV_RUNNER.is(8))
        .training(
            OnPolicyConfig.LR.is(Schedule.constant(0.003)),
            AlgorithmConfig.TRAIN_BATCH_SIZE_PER_LEARNER.is(1024));
    try (Algorithm algorithm = config.build(EnvRegistry.load(), () -> 0)) {
      Map<String, Number> result = train(algorithm, 195, 200_000);
      assertThat(Results.episodeReturnMean(result)).isGreaterThan(195);
    }
  }

  @Test
  void shouldFollowWithSquashedPpo() {
    AlgorithmConfig<?> config = new PPOConfig()
        .environment("Follow-v0", Map.of())
        .envRunners(AlgorithmConfig.NUM_ENVS_PER_ENV_RUNNER.is(8))
        .rlModule(OnPolicyConfig.ACTION_DIST.is(AlgorithmConfig.ActionDist.SQUASHED_GAUSSIAN))
        .training(
            OnPolicyConfig.LR.is(Schedule.constant(0.001)),
            AlgorithmConfig.GRAD_CLIP.is(0.5),
            AlgorithmConfig.GAMMA.is(0.0),
            AlgorithmConfig.TRAIN_BATCH_SIZE_PER_LEARNER.is(512));
    try (Algorithm algorithm = config.build(TestEnvs.REGISTRY, () -> 0)) {
      double before = evaluated(algorithm);
      train(algorithm, 0, 20_000);
      // 20 steps a missed square of 3 wide targets: standing still costs 60 an episode
      assertThat(before).isLessThan(-20);
      assertThat(evaluated(algorithm)).isGreaterThan(-3);
    }
  }

  @Test
  void shouldSeeWithConvolutions() {
    AlgorithmConfig<?> config = new PPOConfig()
        .environment("Look-v0", Map.of())
        .envRunners(AlgorithmConfig.NUM_ENVS_PER_ENV_RUNNER.is(8))
        .rlModule(
            AlgorithmConfig.CONV_FILTERS.is(
                List.of(new Convolution(8, 3, 3, 2), new Convolution(8, 3, 3, 2))),
            AlgorithmConfig.FCNET_HIDDENS.is(List.of(32)),
            OnPolicyConfig.VF_SHARE_LAYERS.is(true))
        .training(
            OnPolicyConfig.LR.is(Schedule.constant(0.003)),
            AlgorithmConfig.GAMMA.is(0.0),
            AlgorithmConfig.TRAIN_BATCH_SIZE_PER_LEARNER.is(512),
            PPOConfig.MINIBATCH_SIZE.is(128),
            PPOConfig.NUM_EPOCHS.is(4));
    try (Algorithm algorithm = config.build(TestEnvs.REGISTRY, () -> 0)) {
      double before = evaluated(algorithm);
      train(algorithm, -1, 20_000);
      // 20 pictures an episode: one answer for all costs 15
      assertThat(before).isLessThan(-10);
      assertThat(evaluated(algorithm)).isGreaterThan(-3);
    }
  }

  /** Of an episode's 10 steps: 3 numbers, or 4 bits, each. */
  @ParameterizedTest
  @CsvSource({"ppo, Copy-v0, 0.003, 30", "reinforce, Copy-v0, 0.01, 30", "ppo, Copy-v1, 0.003, 40"})
  void shouldTakeSeveralNumbersAtOnce(String name, String env, double lr, double all) {
    AlgorithmConfig<?> config = AlgorithmConfig.of(name)
        .with(Map.of(
            "env", env,
            "num_envs_per_env_runner", 8,
            "lr", lr,
            "gamma", 0,
            "train_batch_size_per_learner", 512));
    try (Algorithm algorithm = config.build(TestEnvs.REGISTRY, () -> 0)) {
      double before = evaluated(algorithm);
      Map<String, Number> result = train(algorithm, 0.97 * all, 60_000);
      assertThat(before).isLessThan(0.7 * all);
      assertThat(Results.episodeReturnMean(result)).isGreaterThan(0.97 * all);
      assertThat(evaluated(algorithm)).isGreaterThan(0.97 * all);
      TrainedPolicy policy = TrainedPolicy.load(config, TestEnvs.REGISTRY, algorithm.state());
      if (env.equals("Copy-v0")) {
        assertThat(policy.action(List.of(0, 1, 0, 0, 1, 0, 0, 0, 1), new float[0]))
            .isEqualTo(List.of(1, 6, 3));
      } else {
        assertThat(policy.action(List.of(0, 1, 1, 0), new float[0]))
            .asString()
            .isEqualTo("[0, 1, 1, 0]");
      }
    }
  }

  /** Guessing is worth 0, all that can be known 18 an episode. */
  @Test
  void shouldRememberWithAnLstm() {
    assertThat(repeated(true)).isGreaterThan(15);
    assertThat(repeated(false)).as("without a memory").isBetween(-6.0, 6.0);
  }

  private static double repeated(boolean useLstm) {
    AlgorithmConfig<?> config = new PPOConfig()
        .environment("rllib/RepeatAfterMe-v0", Map.of("repeat_delay", 2, "max_episode_steps", 20))
        .envRunners(AlgorithmConfig.NUM_ENVS_PER_ENV_RUNNER.is(16))
        .rlModule(
            AlgorithmConfig.FCNET_HIDDENS.is(List.of(16)),
            OnPolicyConfig.VF_SHARE_LAYERS.is(true),
            OnPolicyConfig.USE_LSTM.is(useLstm),
            OnPolicyConfig.LSTM_CELL_SIZE.is(16),
            OnPolicyConfig.MAX_SEQ_LEN.is(8))
        .training(
            OnPolicyConfig.LR.is(Schedule.constant(0.01)),
            AlgorithmConfig.GAMMA.is(0.0),
            AlgorithmConfig.TRAIN_BATCH_SIZE_PER_LEARNER.is(512),
            PPOConfig.MINIBATCH_SIZE.is(256),
            PPOConfig.NUM_EPOCHS.is(4));
    try (Algorithm algorithm = config.build(EnvRegistry.load(), () -> 0)) {
      train(algorithm, 16, 15_000);
      return evaluated(algorithm);
    }
  }

  @Test
  void shouldSwingUpThePendulumWithDdpg() {
    AlgorithmConfig<?> config = new DDPGConfig()
        .environment("Pendulum-v1", Map.of())
        .training(
            AlgorithmConfig.GAMMA.is(0.98), AlgorithmConfig.TRAIN_BATCH_SIZE_PER_LEARNER.is(64));
    try (Algorithm algorithm = config.build(EnvRegistry.load(), () -> 0)) {
      train(algorithm, 0, 10_000);
      assertThat(evaluated(algorithm)).isGreaterThan(-250);
    }
  }
}
