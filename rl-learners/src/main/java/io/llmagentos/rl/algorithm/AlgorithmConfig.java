package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import io.llmagentos.rl.env.AutoresetMode;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.policy.ActionNoise;
import io.llmagentos.rl.policy.Activation;
import io.llmagentos.rl.policy.Convolution;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.rollout.NormalizeAndClipActions;
import io.llmagentos.rl.rollout.Sampler;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import io.llmagentos.rl.rollout.Seeds;
import io.llmagentos.rl.space.Space;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What an algorithm runs with, in RLlib's words (its new API stack). The fluent groups take settings of their options:
 *
 * <pre>{@code
 * new PPOConfig()
 *     .environment("CartPole-v1", Map.of())
 *     .envRunners(NUM_ENVS_PER_ENV_RUNNER.is(8))
 *     .training(GAMMA.is(0.98), LR.is(Schedule.linear(1e-3, 0, 100_000)))
 *     .build(EnvRegistry.load(), System::nanoTime);
 * }</pre>
 *
 * <p>A file has the same names, in a map per group or without groups. Every value is checked when it is set, and what must fit together at {@link #validate}.
 * Mutable, not thread-safe.
 *
 * @param <C> the subclass
 */
public abstract class AlgorithmConfig<C extends AlgorithmConfig<C>> {
  private static final double INF = Double.POSITIVE_INFINITY;

  /** Members that a group of a job may have. */
  private static final int MOST = 4096;

  /** How gradients are limited. */
  public enum GradClipBy {
    /** The norm of all together. */
    GLOBAL_NORM,
    /** The norm of each parameter's. */
    NORM,
    /** Each number. */
    VALUE
  }

  /** How a bounded continuous action is drawn. */
  public enum ActionDist {
    /** Normal, then fitted into the bounds. */
    GAUSSIAN,
    /** tanh of a normal number. */
    SQUASHED_GAUSSIAN
  }

  /** What networks compute with. */
  public enum Framework {
    /** {@link #VECTOR} where it can, else {@link #TORCH}. */
    AUTO,
    /** The Vector API of Java: fully connected layers. */
    VECTOR,
    /** libtorch: all layers. */
    TORCH
  }

  /** The environment's id. */
  public static final Option<String> ENV = Option.text(Option.Group.ENVIRONMENT, "env", "");

  /** The environment's options. */
  public static final Option<Map<String, Object>> ENV_CONFIG =
      Option.map(Option.Group.ENVIRONMENT, "env_config");

  /** Samplers; 0 as 1: all environments in one. */
  public static final Option<Integer> NUM_ENV_RUNNERS =
      Option.integer(Option.Group.ENV_RUNNERS, "num_env_runners", 0, 0, MOST);

  public static final Option<Integer> NUM_ENVS_PER_ENV_RUNNER =
      Option.integer(Option.Group.ENV_RUNNERS, "num_envs_per_env_runner", 1, 1, MOST);

  /** Steps of each environment that are sampled at once. */
  public static final Option<Integer> ROLLOUT_FRAGMENT_LENGTH =
      Option.integerOrAuto(Option.Group.ENV_RUNNERS, "rollout_fragment_length");

  /** Whether runners sample the next batch while learners learn from the last one; experience is then one training step old. */
  public static final Option<Boolean> SAMPLE_ASYNC =
      Option.flag(Option.Group.ENV_RUNNERS, "sample_async", false);

  /** Whether actions of training are drawn, not the greedy ones. */
  public static final Option<Boolean> EXPLORE =
      Option.flag(Option.Group.ENV_RUNNERS, "explore", true);

  /** Whether a policy's actions in [-1, 1] stand for the whole range of a bounded space. */
  public static final Option<Boolean> NORMALIZE_ACTIONS =
      Option.flag(Option.Group.ENV_RUNNERS, "normalize_actions", true);

  /** Whether actions are cut to the bounds of their space. */
  public static final Option<Boolean> CLIP_ACTIONS =
      Option.flag(Option.Group.ENV_RUNNERS, "clip_actions", true);

  /** Discount. */
  public static final Option<Double> GAMMA =
      Option.real(Option.Group.TRAINING, "gamma", 0.99, 0, 1);

  /** Adam's eps. */
  public static final Option<Double> ADAM_EPSILON =
      Option.real(Option.Group.TRAINING, "adam_epsilon", 1e-8, 1e-12, 1);

  /** Limit of gradients; inf: none. */
  public static final Option<Double> GRAD_CLIP =
      Option.real(Option.Group.TRAINING, "grad_clip", INF, 1e-12, INF);

  public static final Option<GradClipBy> GRAD_CLIP_BY =
      Option.choice(Option.Group.TRAINING, "grad_clip_by", GradClipBy.GLOBAL_NORM);

  /** Rows that one learner gets for one training step. */
  public static final Option<Integer> TRAIN_BATCH_SIZE_PER_LEARNER =
      Option.integer(Option.Group.TRAINING, "train_batch_size_per_learner", 2048, 1);

  /** Ranks whose gradients are averaged; 0 as 1. */
  public static final Option<Integer> NUM_LEARNERS =
      Option.integer(Option.Group.LEARNERS, "num_learners", 0, 0, MOST);

  public static final Option<List<Integer>> FCNET_HIDDENS =
      Option.widths(Option.Group.RL_MODULE, "fcnet_hiddens", List.of(64, 64));

  public static final Option<Activation> FCNET_ACTIVATION =
      Option.choice(Option.Group.RL_MODULE, "fcnet_activation", Activation.TANH);

  /** Convolutions before the fully connected layers, {@code [filters, [height, width], stride]} each, for observations [height][width][channels]. */
  public static final Option<List<Convolution>> CONV_FILTERS =
      Option.convolutions(Option.Group.RL_MODULE, "conv_filters");

  public static final Option<Activation> CONV_ACTIVATION =
      Option.choice(Option.Group.RL_MODULE, "conv_activation", Activation.RELU);

  public static final Option<Framework> FRAMEWORK =
      Option.choice(Option.Group.RL_MODULE, "framework", Framework.AUTO);

  /** Evaluate after every so many training iterations; 0: never. */
  public static final Option<Integer> EVALUATION_INTERVAL =
      Option.integer(Option.Group.EVALUATION, "evaluation_interval", 0, 0);

  /** Episodes of an evaluation. */
  public static final Option<Integer> EVALUATION_DURATION =
      Option.integer(Option.Group.EVALUATION, "evaluation_duration", 10, 1);

  /** Whether actions of an evaluation are drawn. */
  public static final Option<Boolean> EVALUATION_EXPLORE =
      Option.flag(Option.Group.EVALUATION, "evaluation_explore", false);

  /** Episodes that a mean return is over. */
  public static final Option<Integer> METRICS_NUM_EPISODES_FOR_SMOOTHING =
      Option.integer(Option.Group.REPORTING, "metrics_num_episodes_for_smoothing", 100, 1);

  /** Steps of all environments that one {@code train()} samples at least. */
  public static final Option<Integer> MIN_SAMPLE_TIMESTEPS_PER_ITERATION =
      Option.integer(Option.Group.REPORTING, "min_sample_timesteps_per_iteration", 0, 0);

  public static final Option<Long> SEED = Option.whole(Option.Group.DEBUGGING, "seed", 0);

  private static final List<Option<?>> COMMON = List.of(
      ENV,
      ENV_CONFIG,
      NUM_ENV_RUNNERS,
      NUM_ENVS_PER_ENV_RUNNER,
      ROLLOUT_FRAGMENT_LENGTH,
      SAMPLE_ASYNC,
      EXPLORE,
      GAMMA,
      ADAM_EPSILON,
      GRAD_CLIP,
      GRAD_CLIP_BY,
      TRAIN_BATCH_SIZE_PER_LEARNER,
      NUM_LEARNERS,
      FCNET_HIDDENS,
      FCNET_ACTIVATION,
      CONV_FILTERS,
      CONV_ACTIVATION,
      FRAMEWORK,
      EVALUATION_INTERVAL,
      EVALUATION_DURATION,
      EVALUATION_EXPLORE,
      METRICS_NUM_EPISODES_FOR_SMOOTHING,
      MIN_SAMPLE_TIMESTEPS_PER_ITERATION,
      SEED);

  private final String algorithm;
  private final Map<String, Option<?>> options = new TreeMap<>();
  private final Map<Option<?>, Object> values = new LinkedHashMap<>();

  /** @param own options beside those that all algorithms have */
  AlgorithmConfig(String algorithm, List<Option<?>> own) {
    this.algorithm = algorithm;
    COMMON.forEach(option -> options.put(option.name(), option));
    own.forEach(option -> options.put(option.name(), option));
  }

  /** For example {@code ppo}. */
  public String algorithm() {
    return algorithm;
  }

  /** All options by name. */
  public Map<String, Option<?>> options() {
    return Map.copyOf(options);
  }

  abstract C self();

  public C environment(String env, Map<String, Object> envConfig) {
    return set(Option.Group.ENVIRONMENT, ENV.is(env), ENV_CONFIG.is(envConfig));
  }

  public C envRunners(Setting... settings) {
    return set(Option.Group.ENV_RUNNERS, settings);
  }

  public C training(Setting... settings) {
    return set(Option.Group.TRAINING, settings);
  }

  public C learners(Setting... settings) {
    return set(Option.Group.LEARNERS, settings);
  }

  /** RLlib's {@code model_config}. */
  public C rlModule(Setting... settings) {
    return set(Option.Group.RL_MODULE, settings);
  }

  public C evaluation(Setting... settings) {
    return set(Option.Group.EVALUATION, settings);
  }

  public C reporting(Setting... settings) {
    return set(Option.Group.REPORTING, settings);
  }

  public C debugging(Setting... settings) {
    return set(Option.Group.DEBUGGING, settings);
  }

  private C set(Option.Group group, Setting... settings) {
    for (Setting setting : settings) {
      Option<?> option = setting.option();
      if (options.get(option.name()) != option) {
        throw unknown(option.name());
      }
      if (option.group() != group) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            option + " belongs to " + option.group().key() + ", not to " + group.key(),
            option.name());
      }
      values.put(option, setting.value());
    }
    return self();
  }

  /** Sets what a file says: names of options, or names of groups with maps of them. A value of null leaves the default. */
  public C with(Map<String, ?> map) {
    map.forEach((key, value) -> {
      if (value == null) {
        return;
      }
      Option<?> option = options.get(key);
      if (option != null) {
        Setting setting = option.of(value);
        values.put(option, setting.value());
      } else if (isGroup(key)) {
        withGroup(key, value);
      } else {
        throw unknown(key);
      }
    });
    return self();
  }

  private static boolean isGroup(String key) {
    return key.equals("model_config") || groups().contains(key);
  }

  private static List<String> groups() {
    List<String> groups = new ArrayList<>();
    for (Option.Group group : Option.Group.values()) {
      groups.add(group.key());
    }
    return groups;
  }

  private void withGroup(String key, Object value) {
    if (!(value instanceof Map<?, ?> inner)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID, key + " is " + value + ", must be a map of options", key);
    }
    String group = key.equals("model_config") ? Option.Group.RL_MODULE.key() : key;
    Map<String, Object> settings = new LinkedHashMap<>();
    inner.forEach((name, entry) -> {
      Option<?> option = options.get(String.valueOf(name));
      if (option != null && !option.group().key().equals(group)) {
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            option + " belongs to " + option.group().key() + ", not to " + group,
            option.name());
      }
      settings.put(String.valueOf(name), entry);
    });
    with(settings);
  }

  private AgentOsException unknown(String key) {
    List<String> known = new ArrayList<>(options.keySet());
    known.addAll(groups());
    String nearest =
        Settings.nearest(key, known).map(name -> "; did you mean " + name + "?").orElse("");
    return new AgentOsException(
        ErrorCode.SETTINGS_UNKNOWN_KEY, algorithm + " has no setting " + key + nearest, key);
  }

  @SuppressWarnings("unchecked") // a Setting holds a value of its option's type
  public <T> T get(Option<T> option) {
    Object value = values.get(option);
    return value == null ? otherwise(option) : (T) value;
  }

  /** The default of this algorithm. */
  <T> T otherwise(Option<T> option) {
    return option.otherwise();
  }

  /** Every option with its value, as a file would say it: {@link #with} reads it back. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new TreeMap<>();
    options.forEach((name, option) -> map.put(name, plain(get(option))));
    return map;
  }

  private static Object plain(Object value) {
    return switch (value) {
      case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
      case Schedule schedule -> schedule.toValue();
      case Double number -> number.isInfinite() ? "inf" : number;
      case Convolution layer -> layer.toList();
      case List<?> list -> list.stream().map(AlgorithmConfig::plain).toList();
      default -> value;
    };
  }

  /** Samplers. */
  public int runners() {
    return Math.max(1, get(NUM_ENV_RUNNERS));
  }

  /** Environments of all samplers. */
  public int environments() {
    return runners() * get(NUM_ENVS_PER_ENV_RUNNER);
  }

  /** Learner ranks. */
  public int ranks() {
    return Math.max(1, get(NUM_LEARNERS));
  }

  /** Checks what must fit together. Throws {@code SETTINGS_INVALID}. */
  public void validate() {
    if (get(ENV).isEmpty()) {
      throw new AgentOsException(ErrorCode.SETTINGS_INVALID, "env is not set", "env");
    }
    if (environments() % ranks() != 0) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "num_learners is " + ranks() + ", must divide the " + environments() + " environments",
          NUM_LEARNERS.name());
    }
    if (get(FRAMEWORK) == Framework.VECTOR && !get(CONV_FILTERS).isEmpty()) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "framework is vector, must be torch or auto with conv_filters",
          FRAMEWORK.name());
    }
  }

  /**
   * Checks all that can be known before anything runs: beside {@link #validate} the environment's options and whether its spaces suit the algorithm. Throws
   * {@code SETTINGS_INVALID}, {@code ENVIRONMENT_NOT_FOUND} or, for {@code env_config}, {@code INVALID_REQUEST}.
   */
  public void check(EnvRegistry environments) {
    validate();
    try (Env<?, ?> env = preview(environments)) {
      if (env != null) {
        requireSpaces(env.observationSpace(), env.actionSpace());
      }
    }
  }

  private @Nullable Env<?, ?> preview(EnvRegistry environments) {
    try {
      return environments.preview(get(ENV), get(ENV_CONFIG)).orElse(null);
    } catch (AgentOsException e) {
      if (e.code() != ErrorCode.INVALID_REQUEST) {
        throw e;
      }
      String param = ENV_CONFIG.name() + (e.param() == null ? "" : "." + e.param());
      throw new AgentOsException(e.code(), String.valueOf(e.getMessage()), param, e);
    }
  }

  /** Throws {@code SETTINGS_INVALID} for spaces that the algorithm cannot do with. */
  void requireSpaces(Space<?> observations, Space<?> actions) {
    if (!get(CONV_FILTERS).isEmpty()) {
      Modules.encoder(this, observations);
    }
  }

  /** Steps of each environment that are sampled at once. */
  public abstract int fragmentLength();

  /** Fragments of each environment for one training step. */
  public abstract int fragmentsPerStep();

  /** Steps of an episode that are learnt from together, one after the other. */
  int sequenceLength() {
    return 1;
  }

  /** How actions of training are taken when so many steps have been sampled. */
  public Behaviour behaviour(long steps) {
    return get(EXPLORE) ? Behaviour.EXPLORE : Behaviour.GREEDY;
  }

  /** A policy that fits an environment, without parameters yet. */
  public abstract Policy newPolicy(VectorEnv env);

  /** What explores beside the policy. */
  Optional<ActionNoise> noise() {
    return Optional.empty();
  }

  abstract Learner newLearner(VectorEnv env, int rank);

  /** The learner of one rank. */
  public Learner newLearner(EnvRegistry environments, int rank) {
    try (VectorEnv env = newVectorEnv(environments, 1)) {
      return newLearner(env, rank);
    }
  }

  /** A sampler of {@code count} environments whose first is the {@code first} of the run. */
  public Sampler newSampler(EnvRegistry environments, int count, int first) {
    return newSampler(environments, count, first, Seeds.ENVIRONMENT, Seeds.ACTIONS);
  }

  /** A sampler of environments that training does not see. */
  public Sampler newEvaluationSampler(EnvRegistry environments, int count) {
    return newSampler(
        environments, count, 0, Seeds.EVALUATION_ENVIRONMENT, Seeds.EVALUATION_ACTIONS);
  }

  private Sampler newSampler(
      EnvRegistry environments, int count, int first, Seeds envSeeds, Seeds actionSeeds) {
    VectorEnv env = newVectorEnv(environments, count);
    Policy policy = newPolicy(env);
    return new Sampler(
        env,
        policy,
        newActionFit(env, policy),
        noise(),
        sequenceLength(),
        first,
        get(SEED),
        envSeeds,
        actionSeeds);
  }

  VectorEnv newVectorEnv(EnvRegistry environments, int count) {
    return environments.makeVec(get(ENV), count, AutoresetMode.SAME_STEP, get(ENV_CONFIG));
  }

  NormalizeAndClipActions newActionFit(VectorEnv env, Policy policy) {
    return new NormalizeAndClipActions(
        policy.distribution(), env.actionSpace(), get(NORMALIZE_ACTIONS), get(CLIP_ACTIONS));
  }

  /**
   * Makes the algorithm with its environments and networks, all in this process.
   *
   * @param nanoTime a clock in nanoseconds, for {@code time_total_s}
   */
  public Algorithm build(EnvRegistry environments, LongSupplier nanoTime) {
    return build(environments, nanoTime, Optional.empty(), Optional.empty());
  }

  /**
   * Makes the algorithm over samplers and learners that are elsewhere, or in this process where none are given.
   *
   * @param nanoTime a clock in nanoseconds, for {@code time_total_s}
   */
  public Algorithm build(
      EnvRegistry environments,
      LongSupplier nanoTime,
      Optional<? extends Sampling> sampling,
      Optional<? extends Learning> learning) {
    validate();
    return new Algorithm(
        this,
        environments,
        nanoTime,
        sampling.isPresent() ? sampling.get() : new LocalSampling(this, environments),
        learning.isPresent() ? learning.get() : new LocalLearning(this, environments));
  }

  /** The configuration of an algorithm by name: {@code ppo}, {@code reinforce}, {@code ddpg}. */
  public static AlgorithmConfig<?> of(String algorithm) {
    return switch (algorithm) {
      case "ppo" -> new PPOConfig();
      case "reinforce" -> new REINFORCEConfig();
      case "ddpg" -> new DDPGConfig();
      default ->
        throw new AgentOsException(
            ErrorCode.SETTINGS_INVALID,
            "there is no algorithm " + algorithm
                + Settings.nearest(algorithm, List.of("ppo", "reinforce", "ddpg"))
                    .map(name -> "; did you mean " + name + "?")
                    .orElse(""),
            "type");
    };
  }
}
