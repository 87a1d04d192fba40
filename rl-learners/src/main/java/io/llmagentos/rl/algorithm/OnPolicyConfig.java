package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.policy.ActionDistribution;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.space.Space;
import java.util.ArrayList;
import java.util.List;

/**
 * What PPO and REINFORCE have in common: a policy that says its probabilities, and a value function.
 *
 * @param <C> the subclass
 */
public abstract class OnPolicyConfig<C extends OnPolicyConfig<C>> extends AlgorithmConfig<C> {
  private static final double INF = Double.POSITIVE_INFINITY;

  public static final Option<Schedule> LR =
      Option.schedule(Option.Group.TRAINING, "lr", 3e-4, 0, INF);

  public static final Option<Double> VF_LOSS_COEFF =
      Option.real(Option.Group.TRAINING, "vf_loss_coeff", 0.5, 0, INF);

  public static final Option<Schedule> ENTROPY_COEFF =
      Option.schedule(Option.Group.TRAINING, "entropy_coeff", 0, 0, INF);

  /** Whether advantages are shifted and scaled to mean 0 and deviation 1, minibatch by minibatch. */
  public static final Option<Boolean> NORMALIZE_ADVANTAGE =
      Option.flag(Option.Group.TRAINING, "normalize_advantage", true);

  /** Whether a value function is learnt; else advantages are the returns. */
  public static final Option<Boolean> USE_CRITIC =
      Option.flag(Option.Group.TRAINING, "use_critic", true);

  /** Whether policy and value function share their hidden layers. */
  public static final Option<Boolean> VF_SHARE_LAYERS =
      Option.flag(Option.Group.RL_MODULE, "vf_share_layers", false);

  /** Whether there is a long short-term memory between the hidden layers and the last one. */
  public static final Option<Boolean> USE_LSTM =
      Option.flag(Option.Group.RL_MODULE, "use_lstm", false);

  /** Cells of the memory. */
  public static final Option<Integer> LSTM_CELL_SIZE =
      Option.integer(Option.Group.RL_MODULE, "lstm_cell_size", 64, 1);

  /** Steps that gradients of the memory go back. */
  public static final Option<Integer> MAX_SEQ_LEN =
      Option.integer(Option.Group.RL_MODULE, "max_seq_len", 16, 1);

  /** Whether standard deviations are parameters; else the network puts them out. */
  public static final Option<Boolean> FREE_LOG_STD =
      Option.flag(Option.Group.RL_MODULE, "free_log_std", true);

  public static final Option<ActionDist> ACTION_DIST =
      Option.choice(Option.Group.RL_MODULE, "action_dist", ActionDist.GAUSSIAN);

  private static final List<Option<?>> OPTIONS = List.of(
      NORMALIZE_ACTIONS,
      CLIP_ACTIONS,
      LR,
      VF_LOSS_COEFF,
      ENTROPY_COEFF,
      NORMALIZE_ADVANTAGE,
      USE_CRITIC,
      VF_SHARE_LAYERS,
      USE_LSTM,
      LSTM_CELL_SIZE,
      MAX_SEQ_LEN,
      FREE_LOG_STD,
      ACTION_DIST);

  OnPolicyConfig(String algorithm, List<Option<?>> own) {
    super(algorithm, concat(own));
  }

  private static List<Option<?>> concat(List<Option<?>> own) {
    List<Option<?>> all = new ArrayList<>(OPTIONS);
    all.addAll(own);
    return all;
  }

  /** Rows of all ranks for one training step. */
  int trainBatchSize() {
    return get(TRAIN_BATCH_SIZE_PER_LEARNER) * ranks();
  }

  @Override
  public int fragmentLength() {
    int length = get(ROLLOUT_FRAGMENT_LENGTH);
    return length > 0 ? length : trainBatchSize() / environments();
  }

  @Override
  public int fragmentsPerStep() {
    return trainBatchSize() / (environments() * fragmentLength());
  }

  @Override
  int sequenceLength() {
    return get(USE_LSTM) ? get(MAX_SEQ_LEN) : 1;
  }

  @Override
  public Policy newPolicy(VectorEnv env) {
    return Modules.actorCritic(this, env).policy();
  }

  @Override
  Learner newLearner(VectorEnv env, int rank) {
    return new PolicyGradientLearner(this, Modules.actorCritic(this, env), rank);
  }

  @Override
  public void validate() {
    super.validate();
    int length = Math.max(1, get(ROLLOUT_FRAGMENT_LENGTH));
    if (trainBatchSize() % (environments() * length) != 0) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "train_batch_size_per_learner times num_learners is " + trainBatchSize()
              + ", must be a multiple of " + environments() * length + " = " + environments()
              + " environments times rollout_fragment_length",
          TRAIN_BATCH_SIZE_PER_LEARNER.name());
    }
    if (get(USE_LSTM) && !get(VF_SHARE_LAYERS)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "vf_share_layers is false, must be true with use_lstm: policy and value function have"
              + " one memory",
          VF_SHARE_LAYERS.name());
    }
    if (get(USE_LSTM) && get(FRAMEWORK) == Framework.VECTOR) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "framework is vector, must be torch or auto with use_lstm",
          FRAMEWORK.name());
    }
    requireSequences(ROLLOUT_FRAGMENT_LENGTH, fragmentLength());
  }

  /** Refuses a number of rows that an option asks for, unless it is one of whole sequences. */
  final void requireSequences(Option<?> option, int rows) {
    if (rows % sequenceLength() != 0) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "max_seq_len is " + sequenceLength() + ", must divide " + option + ", which is " + rows,
          MAX_SEQ_LEN.name());
    }
  }

  @Override
  void requireSpaces(Space<?> observations, Space<?> actions) {
    super.requireSpaces(observations, actions);
    Modules.distribution(this, actions);
  }

  /** The loss of one minibatch at a time when so many steps have been sampled. */
  abstract PolicyGradientLoss loss(ActionDistribution distribution, long steps, double klCoeff);

  /** How often a batch is gone through. */
  abstract int epochs();

  /** Rows of a minibatch. */
  abstract int minibatchSize();

  /** The lambda of the advantage estimation. */
  abstract double traceDecay();
}
