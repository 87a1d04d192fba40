package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.algorithm.AlgorithmConfig.ActionDist;
import io.llmagentos.rl.algorithm.AlgorithmConfig.Framework;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.policy.ActionDistribution;
import io.llmagentos.rl.policy.Activation;
import io.llmagentos.rl.policy.ActorCritic;
import io.llmagentos.rl.policy.Categorical;
import io.llmagentos.rl.policy.ConvEncoder;
import io.llmagentos.rl.policy.Deterministic;
import io.llmagentos.rl.policy.DiagonalGaussian;
import io.llmagentos.rl.policy.Initializer;
import io.llmagentos.rl.policy.Mlp;
import io.llmagentos.rl.policy.MultiCategorical;
import io.llmagentos.rl.policy.Network;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.policy.SquashedGaussian;
import io.llmagentos.rl.policy.TorchNetwork;
import io.llmagentos.rl.rollout.NormalizeAndClipActions;
import io.llmagentos.rl.space.Box;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.MultiBinary;
import io.llmagentos.rl.space.MultiDiscrete;
import io.llmagentos.rl.space.Space;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Networks and distributions that fit an environment's spaces. */
final class Modules {
  /** Gain of a policy's last layer: it begins nearly uniform, or nearly at 0. */
  private static final double POLICY_GAIN = 0.01;

  private Modules() {}

  static ActorCritic actorCritic(OnPolicyConfig<?> config, VectorEnv env) {
    ActionDistribution distribution = distribution(config, env.actionSpace());
    boolean free = env.actionSpace() instanceof Box && config.get(OnPolicyConfig.FREE_LOG_STD);
    int fromNetwork = distribution.inputWidth() - (free ? distribution.actionWidth() : 0);
    Mlp.Head pi = new Mlp.Head("pi", fromNetwork, POLICY_GAIN);
    Mlp.Head vf = new Mlp.Head("vf", 1, 1);
    boolean shared = config.get(OnPolicyConfig.VF_SHARE_LAYERS);
    int cells = config.get(OnPolicyConfig.USE_LSTM) ? config.get(OnPolicyConfig.LSTM_CELL_SIZE) : 0;
    Initializer orthogonal = Initializer.ORTHOGONAL;
    Network actor =
        network(config, env, 0, cells, orthogonal, shared ? List.of(pi, vf) : List.of(pi));
    @Nullable Network critic = shared ? null : network(config, env, 0, 0, orthogonal, List.of(vf));
    return new ActorCritic(new Policy(actor, distribution, free), critic);
  }

  static ActionDistribution distribution(OnPolicyConfig<?> config, Space<?> space) {
    if (space instanceof Discrete discrete) {
      return new Categorical(discrete.n(), discrete.start());
    }
    if (space instanceof MultiDiscrete several) {
      int[] start = several.start();
      int[] n = several.nvec();
      return new MultiCategorical(IntStream.range(0, n.length)
          .mapToObj(i -> new Categorical(n[i], start[i]))
          .toList());
    }
    if (space instanceof MultiBinary bits) {
      return new MultiCategorical(Collections.nCopies(bits.n(), new Categorical(2)));
    }
    if (space instanceof Box box) {
      if (config.get(OnPolicyConfig.ACTION_DIST) == ActionDist.GAUSSIAN) {
        return new DiagonalGaussian(box.width());
      }
      requireBounded(config, box, "action_dist squashed_gaussian");
      return new SquashedGaussian(box.width());
    }
    throw unsupported(config, space, "Discrete, MultiDiscrete, MultiBinary or Box");
  }

  private static void requireBounded(AlgorithmConfig<?> config, Box box, String who) {
    if (!NormalizeAndClipActions.bounded(box)) {
      throw unsupported(config, box, "a Box with bounds for " + who);
    }
    if (!config.get(AlgorithmConfig.NORMALIZE_ACTIONS)) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "normalize_actions is false, must be true for " + who + ": its actions are in [-1, 1]",
          AlgorithmConfig.NORMALIZE_ACTIONS.name());
    }
  }

  private static AgentOsException unsupported(
      AlgorithmConfig<?> config, Space<?> space, String expected) {
    return new AgentOsException(
        ErrorCode.SETTINGS_INVALID,
        config.algorithm() + " cannot act in " + config.get(AlgorithmConfig.ENV)
            + ": its action space is " + space + ", must be " + expected,
        AlgorithmConfig.ENV.name());
  }

  /** The actor of DDPG, whose outputs tanh takes to [-1, 1]. */
  static Policy deterministicPolicy(DDPGConfig config, VectorEnv env) {
    Box box = boundedBox(config, env.actionSpace());
    Mlp.Head head = new Mlp.Head("actor", box.width(), 1);
    Network actor = network(config, env, 0, 0, Initializer.FAN_IN, List.of(head));
    return new Policy(actor, new Deterministic(box.width()), false);
  }

  static Box boundedBox(DDPGConfig config, Space<?> space) {
    if (!(space instanceof Box box)) {
      throw unsupported(config, space, "a Box");
    }
    requireBounded(config, box, "ddpg");
    return box;
  }

  /** Q(s, a), of observation and action side by side. */
  static Network actionValue(DDPGConfig config, VectorEnv env) {
    return network(
        config, env, env.actionWidth(), 0, Initializer.FAN_IN, List.of(new Mlp.Head("q", 1, 1)));
  }

  /**
   * @param beside inputs behind the observation
   * @param lstmCells 0: no memory
   */
  private static Network network(
      AlgorithmConfig<?> config,
      VectorEnv env,
      int beside,
      int lstmCells,
      Initializer initializer,
      List<Mlp.Head> heads) {
    int inputs = env.observationWidth() + beside;
    Activation activation = config.get(AlgorithmConfig.FCNET_ACTIVATION);
    int[] hidden = config.get(AlgorithmConfig.FCNET_HIDDENS).stream()
        .mapToInt(Integer::intValue)
        .toArray();
    boolean picture = !config.get(AlgorithmConfig.CONV_FILTERS).isEmpty();
    if (picture || lstmCells > 0 || config.get(AlgorithmConfig.FRAMEWORK) == Framework.TORCH) {
      ConvEncoder encoder = picture ? encoder(config, env.observationSpace()) : ConvEncoder.NONE;
      return new TorchNetwork(inputs, encoder, hidden, activation, lstmCells, initializer, heads);
    }
    return new Mlp(inputs, hidden, activation, initializer, heads);
  }

  static ConvEncoder encoder(AlgorithmConfig<?> config, Space<?> space) {
    int[] shape = space instanceof Box box ? box.shape() : new int[0];
    if (shape.length != 2 && shape.length != 3) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "conv_filters do not fit " + config.get(AlgorithmConfig.ENV)
              + ": its observation space is " + space
              + ", must be a Box of shape [height, width] or [height, width, channels]",
          AlgorithmConfig.CONV_FILTERS.name());
    }
    return new ConvEncoder(
        shape[0],
        shape[1],
        shape.length == 3 ? shape[2] : 1,
        config.get(AlgorithmConfig.CONV_FILTERS),
        config.get(AlgorithmConfig.CONV_ACTIVATION));
  }
}
