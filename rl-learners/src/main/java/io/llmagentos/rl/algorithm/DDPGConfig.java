package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.policy.ActionNoise;
import io.llmagentos.rl.policy.Activation;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Space;
import java.util.List;
import java.util.Optional;

/** Deep deterministic policy gradient (Lillicrap et al. 2016). */
public final class DDPGConfig extends AlgorithmConfig<DDPGConfig> {
  private static final double INF = Double.POSITIVE_INFINITY;

  /** What explores. */
  public enum Noise {
    GAUSSIAN,
    ORNSTEIN_UHLENBECK
  }

  public static final Option<Schedule> ACTOR_LR =
      Option.schedule(Option.Group.TRAINING, "actor_lr", 1e-3, 0, INF);

  public static final Option<Schedule> CRITIC_LR =
      Option.schedule(Option.Group.TRAINING, "critic_lr", 1e-3, 0, INF);

  /** How much of the networks goes into their targets at each update. */
  public static final Option<Double> TAU = Option.real(Option.Group.TRAINING, "tau", 0.005, 0, 1);

  /** Transitions that each learner keeps. */
  public static final Option<Integer> REPLAY_BUFFER_CAPACITY =
      Option.integer(Option.Group.TRAINING, "replay_buffer_capacity", 100_000, 1);

  /** Steps of all environments with random actions before the first update. */
  public static final Option<Integer> NUM_STEPS_SAMPLED_BEFORE_LEARNING_STARTS =
      Option.integer(Option.Group.TRAINING, "num_steps_sampled_before_learning_starts", 1000, 0);

  /** Rows trained on for each step sampled; 0: the batch size, one update a step. */
  public static final Option<Double> TRAINING_INTENSITY =
      Option.real(Option.Group.TRAINING, "training_intensity", 0, 0, INF);

  public static final Option<Noise> EXPLORATION_NOISE =
      Option.choice(Option.Group.ENV_RUNNERS, "exploration_noise", Noise.GAUSSIAN);

  /** The noise's standard deviation, where the action's range is [-1, 1]. */
  public static final Option<Double> NOISE_SIGMA =
      Option.real(Option.Group.ENV_RUNNERS, "noise_sigma", 0.1, 0, INF);

  /** How fast Ornstein-Uhlenbeck noise goes back to 0. */
  public static final Option<Double> OU_THETA =
      Option.real(Option.Group.ENV_RUNNERS, "ou_theta", 0.15, 0, INF);

  public DDPGConfig() {
    super(
        "ddpg",
        List.of(
            ACTOR_LR,
            CRITIC_LR,
            TAU,
            REPLAY_BUFFER_CAPACITY,
            NUM_STEPS_SAMPLED_BEFORE_LEARNING_STARTS,
            TRAINING_INTENSITY,
            EXPLORATION_NOISE,
            NOISE_SIGMA,
            OU_THETA));
  }

  @Override
  DDPGConfig self() {
    return this;
  }

  @Override
  @SuppressWarnings("unchecked") // the option's own type
  <T> T otherwise(Option<T> option) {
    if (option == TRAIN_BATCH_SIZE_PER_LEARNER) {
      return (T) (Integer) 128;
    }
    if (option == FCNET_ACTIVATION) {
      return (T) Activation.RELU;
    }
    if (option == MIN_SAMPLE_TIMESTEPS_PER_ITERATION) {
      return (T) (Integer) 1000;
    }
    return super.otherwise(option);
  }

  /** Steps of each environment between updates. */
  @Override
  public int fragmentLength() {
    return Math.max(1, get(ROLLOUT_FRAGMENT_LENGTH));
  }

  @Override
  public int fragmentsPerStep() {
    return 1;
  }

  /** Updates for one step sampled. */
  double updatesPerStep() {
    double intensity = get(TRAINING_INTENSITY);
    int batch = get(TRAIN_BATCH_SIZE_PER_LEARNER) * ranks();
    return intensity == 0 ? 1 : intensity / batch;
  }

  @Override
  Optional<ActionNoise> noise() {
    return Optional.of(
        switch (get(EXPLORATION_NOISE)) {
          case GAUSSIAN -> new ActionNoise.Gaussian(get(NOISE_SIGMA));
          case ORNSTEIN_UHLENBECK ->
            new ActionNoise.OrnsteinUhlenbeck(get(NOISE_SIGMA), get(OU_THETA));
        });
  }

  @Override
  public Behaviour behaviour(long steps) {
    return steps < get(NUM_STEPS_SAMPLED_BEFORE_LEARNING_STARTS)
        ? Behaviour.RANDOM
        : super.behaviour(steps);
  }

  @Override
  public Policy newPolicy(VectorEnv env) {
    return Modules.deterministicPolicy(this, env);
  }

  @Override
  Learner newLearner(VectorEnv env, int rank) {
    Policy actor = newPolicy(env);
    Box actions = (Box) env.actionSpace();
    return new DDPGLearner(
        this,
        new DDPGLearner.Networks(
            actor, Modules.actionValue(this, env), newPolicy(env), Modules.actionValue(this, env)),
        newActionFit(env, actor),
        actions.low(),
        actions.high(),
        rank);
  }

  @Override
  void requireSpaces(Space<?> observations, Space<?> actions) {
    super.requireSpaces(observations, actions);
    Modules.boundedBox(this, actions);
  }

  @Override
  public void validate() {
    super.validate();
    if (get(REPLAY_BUFFER_CAPACITY) < get(TRAIN_BATCH_SIZE_PER_LEARNER)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "replay_buffer_capacity is " + get(REPLAY_BUFFER_CAPACITY)
              + ", must be at least train_batch_size_per_learner = "
              + get(TRAIN_BATCH_SIZE_PER_LEARNER),
          REPLAY_BUFFER_CAPACITY.name());
    }
  }
}
