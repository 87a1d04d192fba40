package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.policy.ActionDistribution;
import java.util.List;

/** Proximal policy optimisation (Schulman et al. 2017). */
public final class PPOConfig extends OnPolicyConfig<PPOConfig> {
  private static final double INF = Double.POSITIVE_INFINITY;

  /** GAE's lambda. */
  public static final Option<Double> LAMBDA =
      Option.real(Option.Group.TRAINING, "lambda_", 0.95, 0, 1);

  /** Whether advantages are GAE's; else lambda counts as 1. */
  public static final Option<Boolean> USE_GAE = Option.flag(Option.Group.TRAINING, "use_gae", true);

  /** How far the probability ratio may leave 1. */
  public static final Option<Schedule> CLIP_PARAM =
      Option.schedule(Option.Group.TRAINING, "clip_param", 0.2, 0, INF);

  /** The largest squared error of a value that counts; inf: all. */
  public static final Option<Double> VF_CLIP_PARAM =
      Option.real(Option.Group.TRAINING, "vf_clip_param", INF, 0, INF);

  /** How far a value may move from the one at the time of sampling (PPO2, Stable-Baselines3); inf: anywhere. */
  public static final Option<Double> CLIP_RANGE_VF =
      Option.real(Option.Group.TRAINING, "clip_range_vf", INF, 0, INF);

  /** Whether the loss has a KL penalty. */
  public static final Option<Boolean> USE_KL_LOSS =
      Option.flag(Option.Group.TRAINING, "use_kl_loss", false);

  /** The penalty's first factor; it then follows {@code kl_target}. */
  public static final Option<Double> KL_COEFF =
      Option.real(Option.Group.TRAINING, "kl_coeff", 0.2, 0, INF);

  /** The KL that the penalty's factor aims at. */
  public static final Option<Double> KL_TARGET =
      Option.real(Option.Group.TRAINING, "kl_target", 0.01, 1e-12, INF);

  /** A training step stops once the approximate KL exceeds 1.5 times this (Stable-Baselines3); inf: never. */
  public static final Option<Double> TARGET_KL =
      Option.real(Option.Group.TRAINING, "target_kl", INF, 0, INF);

  public static final Option<Integer> NUM_EPOCHS =
      Option.integer(Option.Group.TRAINING, "num_epochs", 10, 1);

  public static final Option<Integer> MINIBATCH_SIZE =
      Option.integer(Option.Group.TRAINING, "minibatch_size", 64, 1);

  public PPOConfig() {
    super(
        "ppo",
        List.of(
            LAMBDA,
            USE_GAE,
            CLIP_PARAM,
            VF_CLIP_PARAM,
            CLIP_RANGE_VF,
            USE_KL_LOSS,
            KL_COEFF,
            KL_TARGET,
            TARGET_KL,
            NUM_EPOCHS,
            MINIBATCH_SIZE));
  }

  @Override
  PPOConfig self() {
    return this;
  }

  @Override
  public void validate() {
    super.validate();
    int batch = get(TRAIN_BATCH_SIZE_PER_LEARNER);
    if (get(MINIBATCH_SIZE) > batch) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "minibatch_size is " + get(MINIBATCH_SIZE)
              + ", must be at most train_batch_size_per_learner = " + batch,
          MINIBATCH_SIZE.name());
    }
    requireSequences(MINIBATCH_SIZE, get(MINIBATCH_SIZE));
  }

  @Override
  PolicyGradientLoss loss(ActionDistribution distribution, long steps, double klCoeff) {
    return new PPOLoss(
        distribution,
        get(CLIP_PARAM).at(steps),
        get(USE_CRITIC) ? get(VF_LOSS_COEFF) : 0,
        get(VF_CLIP_PARAM),
        get(CLIP_RANGE_VF),
        get(ENTROPY_COEFF).at(steps),
        get(USE_KL_LOSS) ? klCoeff : 0);
  }

  @Override
  int epochs() {
    return get(NUM_EPOCHS);
  }

  @Override
  int minibatchSize() {
    return get(MINIBATCH_SIZE);
  }

  @Override
  double traceDecay() {
    return get(USE_GAE) ? get(LAMBDA) : 1;
  }
}
