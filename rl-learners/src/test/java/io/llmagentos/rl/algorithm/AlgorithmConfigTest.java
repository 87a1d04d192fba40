package io.llmagentos.rl.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.policy.Convolution;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class AlgorithmConfigTest {
  private static final Map<String, Object> PPO = Map.of(
      "env", "CartPole-v1",
      "num_envs_per_env_runner", 4,
      "train_batch_size_per_learner", 128,
      "minibatch_size", 64,
      "num_epochs", 3,
      "lr", 0.003);
  private static final Map<String, Object> REINFORCE = Map.of(
      "env",
      "CartPole-v1",
      "num_envs_per_env_runner",
      4,
      "train_batch_size_per_learner",
      128,
      "lr",
      0.01);
  private static final Map<String, Object> DDPG = Map.of(
      "env", "Follow-v0",
      "num_envs_per_env_runner", 4,
      "num_steps_sampled_before_learning_starts", 40,
      "min_sample_timesteps_per_iteration", 100,
      "train_batch_size_per_learner", 16);
  private static final Map<String, Object> CONTINUOUS =
      Map.of("env", "Follow-v0", "metrics_num_episodes_for_smoothing", 100);

  /** Another value of one option, and what must be set beside it for the option to matter. */
  record Change(String algorithm, String option, Object value, Map<String, ?> beside) {
    @Override
    public String toString() {
      return algorithm + " " + option + "=" + value;
    }
  }

  private static final List<Change> CHANGES = new ArrayList<>();

  private static void change(String option, Object value, Map<String, ?> beside, String... who) {
    for (String algorithm : who) {
      CHANGES.add(new Change(algorithm, option, value, beside));
    }
  }

  static {
    String[] all = {"ppo", "reinforce", "ddpg"};
    String[] onPolicy = {"ppo", "reinforce"};
    Map<String, ?> none = Map.of();
    change("env", "Allowed-v0", none, onPolicy);
    change("env_config", Map.of("sutton_barto_reward", true), none, onPolicy);
    change("env", "Follow-v1", none, "ddpg");
    change("env_config", Map.of("offset", 0.5), none, "ddpg");
    change("num_env_runners", 2, none, all);
    change("num_envs_per_env_runner", 8, none, all);
    change("rollout_fragment_length", 8, none, all);
    change("sample_async", true, none, all);
    change("explore", false, none, all);
    change("normalize_actions", false, CONTINUOUS, onPolicy);
    change("clip_actions", false, with(CONTINUOUS, "normalize_actions", false), onPolicy);
    change("gamma", 0.5, none, all);
    change("adam_epsilon", 0.1, none, all);
    change("grad_clip", 0.01, none, all);
    change("grad_clip_by", "value", Map.of("grad_clip", 0.01), all);
    change("train_batch_size_per_learner", 64, none, all);
    change("num_learners", 2, none, all);
    change("fcnet_hiddens", List.of(16), none, all);
    change("fcnet_activation", "relu", none, onPolicy);
    change("fcnet_activation", "tanh", none, "ddpg");
    change("framework", "torch", none, all);
    Map<String, Object> discrete = Map.of("env", "Look-v0", "fcnet_hiddens", List.of(8));
    Map<String, Object> continuous = Map.of("env", "Look-v1", "fcnet_hiddens", List.of(8));
    List<Object> filters = List.of(List.of(4, List.of(3, 3), 2));
    change("conv_filters", filters, discrete, onPolicy);
    change("conv_filters", filters, continuous, "ddpg");
    change("conv_activation", "tanh", with(discrete, "conv_filters", filters), onPolicy);
    change("conv_activation", "tanh", with(continuous, "conv_filters", filters), "ddpg");
    change("evaluation_interval", 1, none, all);
    change("evaluation_duration", 3, none, all);
    change("evaluation_explore", true, none, all);
    change("metrics_num_episodes_for_smoothing", 2, none, all);
    change("min_sample_timesteps_per_iteration", 300, none, all);
    change("seed", 1, none, all);
    change("lr", 0.1, none, onPolicy);
    change("vf_loss_coeff", 0.1, Map.of("grad_clip", 0.1), onPolicy);
    change("entropy_coeff", 0.5, none, onPolicy);
    change("normalize_advantage", false, none, onPolicy);
    change("use_critic", false, none, onPolicy);
    change("vf_share_layers", true, none, onPolicy);
    Map<String, Object> lstm = Map.of("use_lstm", true, "vf_share_layers", true);
    change("use_lstm", true, Map.of("vf_share_layers", true, "framework", "torch"), onPolicy);
    change("lstm_cell_size", 8, lstm, onPolicy);
    change("max_seq_len", 4, lstm, onPolicy);
    change("free_log_std", false, CONTINUOUS, onPolicy);
    change("action_dist", "squashed_gaussian", CONTINUOUS, onPolicy);
    change("lambda_", 0.2, none, "ppo");
    change("use_gae", false, none, "ppo");
    change("clip_param", 0.001, none, "ppo");
    change("vf_clip_param", 0.1, none, "ppo");
    change("clip_range_vf", 0.001, none, "ppo");
    change("use_kl_loss", true, none, "ppo");
    change("kl_coeff", 5.0, Map.of("use_kl_loss", true), "ppo");
    change("kl_target", 1e-9, Map.of("use_kl_loss", true), "ppo");
    change("target_kl", 0.0, none, "ppo");
    change("num_epochs", 1, none, "ppo");
    change("minibatch_size", 32, none, "ppo");
    change("actor_lr", 0.1, none, "ddpg");
    change("critic_lr", 0.1, none, "ddpg");
    change("tau", 0.5, none, "ddpg");
    change("replay_buffer_capacity", 20, none, "ddpg");
    change("num_steps_sampled_before_learning_starts", 80, none, "ddpg");
    change("training_intensity", 4.0, none, "ddpg");
    change("exploration_noise", "ornstein_uhlenbeck", none, "ddpg");
    change("noise_sigma", 0.5, none, "ddpg");
    change("ou_theta", 5.0, Map.of("exploration_noise", "ornstein_uhlenbeck"), "ddpg");
  }

  private static Map<String, Object> with(Map<String, ?> map, String key, Object value) {
    Map<String, Object> more = new HashMap<>(map);
    more.put(key, value);
    return more;
  }

  private static Map<String, Object> base(String algorithm) {
    return switch (algorithm) {
      case "ppo" -> PPO;
      case "reinforce" -> REINFORCE;
      default -> DDPG;
    };
  }

  static Stream<Change> changes() {
    return CHANGES.stream();
  }

  /** Everything that three iterations and an evaluation show, or the environment's refusal of an action. */
  private static List<Object> behaviour(String algorithm, Map<String, ?> settings) {
    try (Algorithm built =
        AlgorithmConfig.of(algorithm).with(settings).build(TestEnvs.REGISTRY, () -> 0)) {
      List<Object> seen = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        seen.add(built.train());
      }
      seen.add(Arrays.hashCode(built.parameters()));
      seen.add(built.evaluate());
      return seen;
    } catch (AgentOsException e) {
      if (e.code() != ErrorCode.INVALID_REQUEST) {
        throw e;
      }
      return List.of(String.valueOf(e.getMessage()));
    }
  }

  @ParameterizedTest
  @MethodSource("changes")
  void shouldChangeWhatHappens(Change change) {
    Map<String, Object> before = new HashMap<>(base(change.algorithm()));
    before.putAll(change.beside());
    Map<String, Object> after = with(before, change.option(), change.value());
    assertThat(behaviour(change.algorithm(), after))
        .isNotEqualTo(behaviour(change.algorithm(), before));
  }

  @ParameterizedTest
  @CsvSource({"ppo", "reinforce", "ddpg"})
  void shouldHaveNoOptionThatNoTestChanges(String algorithm) {
    TreeSet<String> changed = new TreeSet<>();
    for (Change change : CHANGES) {
      if (change.algorithm().equals(algorithm)) {
        changed.add(change.option());
      }
    }
    assertThat(changed)
        .containsExactlyElementsOf(
            new TreeSet<>(AlgorithmConfig.of(algorithm).options().keySet()));
  }

  @Test
  void shouldSayTheSameInJavaAndInAFile() {
    PPOConfig java = new PPOConfig()
        .environment("CartPole-v1", Map.of("sutton_barto_reward", true))
        .envRunners(
            AlgorithmConfig.NUM_ENV_RUNNERS.is(2), AlgorithmConfig.NUM_ENVS_PER_ENV_RUNNER.is(4))
        .training(
            OnPolicyConfig.LR.is(Schedule.linear(1e-3, 0, 1000)),
            AlgorithmConfig.GAMMA.is(0.98),
            PPOConfig.CLIP_PARAM.is(Schedule.constant(0.1)))
        .rlModule(AlgorithmConfig.FCNET_HIDDENS.is(List.of(32, 32)))
        .debugging(AlgorithmConfig.SEED.is(5L));
    Map<String, Object> flat = Map.of(
        "env",
        "CartPole-v1",
        "env_config",
        Map.of("sutton_barto_reward", true),
        "num_env_runners",
        2,
        "num_envs_per_env_runner",
        4,
        "lr",
        List.of(List.of(0, 0.001), List.of(1000, 0)),
        "gamma",
        0.98,
        "clip_param",
        0.1,
        "fcnet_hiddens",
        List.of(32, 32),
        "seed",
        5);
    Map<String, Object> grouped = Map.of(
        "environment", Map.of("env", "CartPole-v1", "env_config", flat.get("env_config")),
        "env_runners", Map.of("num_env_runners", 2, "num_envs_per_env_runner", 4),
        "training", Map.of("lr", flat.get("lr"), "gamma", 0.98, "clip_param", 0.1),
        "rl_module", Map.of("model_config", Map.of("fcnet_hiddens", List.of(32, 32))),
        "debugging", Map.of("seed", 5));
    assertThat(new PPOConfig().with(flat).toMap()).isEqualTo(java.toMap());
    assertThat(new PPOConfig().with(grouped).toMap()).isEqualTo(java.toMap());
  }

  @Test
  void shouldSayConvolutionsAsRllibDoes() {
    List<Object> filters = List.of(List.of(16, List.of(8, 6), 4), List.of(32, 4, 2));
    AlgorithmConfig<?> config = new PPOConfig().with(Map.of("conv_filters", filters));
    assertThat(config.get(AlgorithmConfig.CONV_FILTERS))
        .containsExactly(new Convolution(16, 8, 6, 4), new Convolution(32, 4, 4, 2));
    Map<String, Object> said = Map.of("conv_filters", config.toMap().get("conv_filters"));
    assertThat(new PPOConfig().with(said).toMap()).isEqualTo(config.toMap());
  }

  private static void refused(Map<String, ?> settings, ErrorCode code, String... texts) {
    assertThatThrownBy(() -> {
          PPOConfig config = new PPOConfig().with(PPO).with(settings);
          config.validate();
        })
        .isInstanceOfSatisfying(AgentOsException.class, e -> {
          assertThat(e.code()).isEqualTo(code);
          assertThat(e).hasMessageContainingAll(texts);
        });
  }

  @Test
  void shouldRefuseWhatItDoesNotKnow() {
    refused(Map.of("gama", 1), ErrorCode.SETTINGS_UNKNOWN_KEY, "gama", "did you mean gamma?");
    refused(
        Map.of("training", Map.of("clip_parm", 1)),
        ErrorCode.SETTINGS_UNKNOWN_KEY,
        "did you mean clip_param?");
    refused(Map.of("tau", 0.1), ErrorCode.SETTINGS_UNKNOWN_KEY, "ppo has no setting tau");
    refused(
        Map.of("learners", Map.of("gamma", 0.1)),
        ErrorCode.SETTINGS_INVALID,
        "gamma belongs to training, not to learners");
    assertThatThrownBy(() -> AlgorithmConfig.of("pop")).hasMessageContaining("did you mean ppo?");
    assertThatThrownBy(() -> new PPOConfig().training(DDPGConfig.TAU.is(0.1)))
        .isInstanceOf(AgentOsException.class);
    assertThatThrownBy(() -> new PPOConfig().training(AlgorithmConfig.SEED.is(1L)))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("seed belongs to debugging, not to training");
  }

  @Test
  void shouldRefuseValuesOutOfRange() {
    ErrorCode invalid = ErrorCode.SETTINGS_INVALID;
    refused(Map.of("gamma", 1.5), invalid, "gamma is 1.5, must be a number from 0.0 to 1.0");
    refused(Map.of("gamma", "much"), invalid, "gamma is much");
    refused(Map.of("gamma", Double.NaN), invalid, "gamma is NaN");
    refused(Map.of("num_epochs", 0), invalid, "num_epochs is 0, must be an integer of at least 1");
    refused(Map.of("num_epochs", 1.5), invalid, "num_epochs is 1.5");
    refused(Map.of("use_gae", "yes"), invalid, "use_gae is yes, must be true or false");
    refused(Map.of("grad_clip_by", "size"), invalid, "one of global_norm, norm, value");
    refused(Map.of("fcnet_hiddens", List.of(0)), invalid, "fcnet_hiddens is [0]");
    refused(Map.of("lr", List.of(List.of(5, 1))), invalid, "steps begin at 0");
    refused(Map.of("lr", -1), invalid, "lr is -1");
    refused(Map.of("env", ""), invalid, "env is not set");
    refused(
        Map.of("minibatch_size", 256), invalid, "minibatch_size is 256, must be at most", "128");
    refused(Map.of("num_learners", 3), invalid, "num_learners is 3, must divide the 4");
    refused(Map.of("train_batch_size_per_learner", 130), invalid, "130, must be a multiple of 4");
    List<Object> filters = List.of(List.of(16, List.of(4, 4), 2));
    refused(Map.of("conv_filters", List.of(16)), invalid, "a list of [filters, [height, width]");
    refused(Map.of("conv_filters", List.of(List.of(16, 4, 0))), invalid, "conv_filters is [[16,");
    refused(Map.of("framework", "jax"), invalid, "one of auto, vector, torch");
    refused(
        Map.of("framework", "vector", "conv_filters", filters),
        invalid,
        "framework is vector, must be torch or auto");
    refused(Map.of("use_lstm", true), invalid, "vf_share_layers is false, must be true with");
    Map<String, Object> lstm = Map.of("use_lstm", true, "vf_share_layers", true);
    refused(with(lstm, "framework", "vector"), invalid, "must be torch or auto with use_lstm");
    refused(
        with(with(lstm, "max_seq_len", 12), "minibatch_size", 48),
        invalid,
        "max_seq_len is 12, must divide rollout_fragment_length, which is 32");
    refused(
        with(with(lstm, "max_seq_len", 16), "minibatch_size", 40),
        invalid,
        "max_seq_len is 16, must divide minibatch_size, which is 40");
    assertThatThrownBy(() -> new DDPGConfig().with(Map.of("use_lstm", true)))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("ddpg has no setting use_lstm");
    assertThatThrownBy(() -> behaviour("ppo", with(PPO, "conv_filters", filters)))
        .hasMessageContaining("conv_filters do not fit CartPole-v1");
    assertThatThrownBy(() -> behaviour("ddpg", with(DDPG, "env", "CartPole-v1")))
        .hasMessageContaining("ddpg cannot act in CartPole-v1");
    Map<String, Object> squashed =
        with(with(PPO, "env", "Follow-v0"), "action_dist", "squashed_gaussian");
    assertThatThrownBy(() -> behaviour("ppo", with(squashed, "normalize_actions", false)))
        .hasMessageContaining("normalize_actions is false, must be true");
  }

  @Test
  void shouldFollowASchedule() {
    Schedule schedule =
        Schedule.parse(List.of(List.of(0, 1.0), List.of(100, 0.5), List.of(200, 0.5)));
    assertThat(schedule.at(0)).isEqualTo(1);
    assertThat(schedule.at(50)).isEqualTo(0.75);
    assertThat(schedule.at(100)).isEqualTo(0.5);
    assertThat(schedule.at(1_000_000)).isEqualTo(0.5);
  }
}
