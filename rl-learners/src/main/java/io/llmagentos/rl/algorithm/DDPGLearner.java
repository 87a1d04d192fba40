package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.algorithm.ReplayBuffer.Transitions;
import io.llmagentos.rl.policy.Network;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.rollout.Fragment;
import io.llmagentos.rl.rollout.NormalizeAndClipActions;
import io.llmagentos.rl.rollout.Seeds;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The learner of DDPG: each update is a round for the critic, then one for the actor, then the targets follow. */
final class DDPGLearner implements Learner {
  /** What an update needs networks for; instances of its own for each. */
  record Networks(Policy actor, Network critic, Policy actorTarget, Network criticTarget) {}

  private final DDPGConfig config;
  private final Networks networks;
  private final NormalizeAndClipActions fit;
  private final DDPGLoss loss;
  private final GradientClip clip;
  private final int actorCount;
  private final int criticCount;
  private final float[] parameters;
  private final float[] actorTarget;
  private final float[] criticTarget;
  private final Adam actorAdam;
  private final Adam criticAdam;
  private final ReplayBuffer replay;
  private final Generator random;
  private final Transitions batch;
  private double owed;

  private long steps;
  private int updates;
  private int round;
  private final double[] losses = new double[2];
  private final double[] norms = new double[2];

  /** @param low lower bounds of the actions, {@code high} upper ones */
  DDPGLearner(
      DDPGConfig config,
      Networks networks,
      NormalizeAndClipActions fit,
      float[] low,
      float[] high,
      int rank) {
    long seed = config.get(AlgorithmConfig.SEED);
    int observationWidth = networks.actor.network().inputWidth();
    float[] scale = new float[low.length];
    float[] centre = new float[low.length];
    for (int k = 0; k < low.length; k++) {
      scale[k] = (high[k] - low[k]) / 2;
      centre[k] = (high[k] + low[k]) / 2;
    }
    this.config = config;
    this.networks = networks;
    this.fit = fit;
    this.loss = new DDPGLoss(config.get(AlgorithmConfig.GAMMA), scale, centre, observationWidth);
    this.clip = new GradientClip(
        config.get(AlgorithmConfig.GRAD_CLIP), config.get(AlgorithmConfig.GRAD_CLIP_BY));
    this.actorCount = networks.actor.parameterCount();
    this.criticCount = networks.critic.parameterCount();
    this.parameters = new float[actorCount + criticCount];
    Generator initial = Generator.of(Seeds.PARAMETERS.of(seed, 0));
    networks.actor.initialise(initial, parameters, 0);
    networks.critic.initialise(initial, parameters, actorCount);
    this.actorTarget = Arrays.copyOf(parameters, actorCount);
    this.criticTarget = Arrays.copyOfRange(parameters, actorCount, parameters.length);
    this.actorAdam = new Adam(actorCount, config.get(AlgorithmConfig.ADAM_EPSILON));
    this.criticAdam = new Adam(criticCount, config.get(AlgorithmConfig.ADAM_EPSILON));
    this.replay = new ReplayBuffer(
        config.get(DDPGConfig.REPLAY_BUFFER_CAPACITY), observationWidth, low.length);
    this.random = Generator.of(Seeds.LEARNER.of(seed, rank));
    this.batch = new Transitions(
        config.get(AlgorithmConfig.TRAIN_BATCH_SIZE_PER_LEARNER), observationWidth, low.length);
  }

  @Override
  public float[] parameters() {
    return parameters;
  }

  @Override
  public int gradientWidth() {
    return Math.max(actorCount, criticCount) + 1;
  }

  @Override
  public void begin(List<Fragment> fragments, long steps) {
    this.steps = steps;
    int added = 0;
    for (Fragment fragment : fragments) {
      remember(fragment);
      added += fragment.rows();
    }
    if (steps > config.get(DDPGConfig.NUM_STEPS_SAMPLED_BEFORE_LEARNING_STARTS)) {
      owed += added * config.ranks() * config.updatesPerStep();
    }
    this.updates = (int) owed;
    owed -= updates;
    this.round = 0;
    Arrays.fill(losses, 0);
    Arrays.fill(norms, 0);
  }

  private void remember(Fragment fragment) {
    int width = fragment.observationWidth();
    float[] action = new float[fragment.actionWidth()];
    float[] next = new float[width];
    for (int row = 0; row < fragment.rows(); row++) {
      fragment.nextObservation(row, next, 0);
      System.arraycopy(fragment.actions(), row * action.length, action, 0, action.length);
      fit.apply(action, 0, action, 0);
      replay.add(
          fragment.observations(),
          row * width,
          action,
          fragment.rewards()[row],
          next,
          fragment.terminated()[row]);
    }
  }

  private boolean ofCritic() {
    return round % 2 == 0;
  }

  @Override
  public boolean gradient(float[] into) {
    if (round >= 2 * updates) {
      return false;
    }
    networks.critic.load(parameters, actorCount);
    double value;
    if (ofCritic()) {
      replay.sample(random, batch);
      networks.actorTarget.load(actorTarget, 0);
      networks.criticTarget.load(criticTarget, 0);
      float[] targets = loss.targets(batch, networks.actorTarget.network(), networks.criticTarget);
      value = loss.critic(batch, targets, networks.critic, into);
    } else {
      networks.actor.load(parameters, 0);
      value = loss.actor(batch, networks.actor.network(), networks.critic, into);
    }
    into[gradientWidth() - 1] = (float) value;
    return true;
  }

  @Override
  public void apply(float[] averaged) {
    int who = round % 2;
    losses[who] += averaged[gradientWidth() - 1];
    if (ofCritic()) {
      norms[who] += clip.apply(averaged, 0, criticCount, networks.critic.segments());
      criticAdam.step(
          parameters, actorCount, averaged, 0, config.get(DDPGConfig.CRITIC_LR).at(steps));
    } else {
      norms[who] += clip.apply(averaged, 0, actorCount, networks.actor.segments());
      actorAdam.step(parameters, 0, averaged, 0, config.get(DDPGConfig.ACTOR_LR).at(steps));
      double tau = config.get(DDPGConfig.TAU);
      DDPGLoss.polyak(parameters, 0, actorTarget, tau);
      DDPGLoss.polyak(parameters, actorCount, criticTarget, tau);
    }
    round++;
  }

  @Override
  public Map<String, Double> end() {
    Map<String, Double> metrics = new LinkedHashMap<>();
    if (updates > 0) {
      metrics.put("critic_loss", losses[0] / updates);
      metrics.put("actor_loss", losses[1] / updates);
      metrics.put("gradients_critic_global_norm", norms[0] / updates);
      metrics.put("gradients_actor_global_norm", norms[1] / updates);
      metrics.put("critic_learning_rate", config.get(DDPGConfig.CRITIC_LR).at(steps));
      metrics.put("actor_learning_rate", config.get(DDPGConfig.ACTOR_LR).at(steps));
      metrics.put("num_module_steps_trained", (double) updates * batch.rows());
    }
    metrics.put("replay_buffer_size", (double) replay.size());
    return metrics;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    Floats.write(out, parameters);
    Floats.write(out, actorTarget);
    Floats.write(out, criticTarget);
    actorAdam.write(out);
    criticAdam.write(out);
    random.write(out);
    out.writeDouble(owed);
    replay.write(out);
  }

  @Override
  public void read(DataInput in) throws IOException {
    Floats.read(in, parameters);
    Floats.read(in, actorTarget);
    Floats.read(in, criticTarget);
    actorAdam.read(in);
    criticAdam.read(in);
    random.read(in);
    owed = in.readDouble();
    replay.read(in);
  }
}
