package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.policy.ActorCritic;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.rollout.Fragment;
import io.llmagentos.rl.rollout.Seeds;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The learner of PPO and REINFORCE: epochs of shuffled minibatches over one batch of experience. Where the policy remembers, whole sequences are shuffled. */
final class PolicyGradientLearner implements Learner {
  /** Beyond this multiple of {@code target_kl} a training step stops (Stable-Baselines3). */
  private static final double STOP_AT = 1.5;

  private static final int STATISTICS = Statistic.values().length;

  private final OnPolicyConfig<?> config;
  private final ActorCritic module;
  private final float[] parameters;
  private final Adam adam;
  private final GradientClip clip;
  private final Generator random;
  private final double targetKl;
  private double klCoeff;

  private @Nullable Batch batch;
  private long steps;
  private int[] order = {};
  private int epoch;
  private int next;
  private boolean stopped;
  private float[] inputs = {};
  private float[] values = {};
  private float[] inputGradients = {};
  private float[] valueGradients = {};
  private final double[] sums = new double[STATISTICS];
  private double normSum;
  private int updates;

  /** @param rank seeds its shuffling; the parameters' seed is the same for all ranks */
  PolicyGradientLearner(OnPolicyConfig<?> config, ActorCritic module, int rank) {
    long seed = config.get(AlgorithmConfig.SEED);
    this.config = config;
    this.module = module;
    this.parameters = module.initialParameters(Generator.of(Seeds.PARAMETERS.of(seed, 0)));
    this.adam = new Adam(parameters.length, config.get(AlgorithmConfig.ADAM_EPSILON));
    this.clip = new GradientClip(
        config.get(AlgorithmConfig.GRAD_CLIP), config.get(AlgorithmConfig.GRAD_CLIP_BY));
    this.random = Generator.of(Seeds.LEARNER.of(seed, rank));
    boolean ppo = config instanceof PPOConfig;
    this.targetKl = ppo ? config.get(PPOConfig.TARGET_KL) : Double.POSITIVE_INFINITY;
    this.klCoeff = ppo ? config.get(PPOConfig.KL_COEFF) : 0;
  }

  @Override
  public float[] parameters() {
    return parameters;
  }

  @Override
  public int gradientWidth() {
    return parameters.length + STATISTICS;
  }

  @Override
  public void begin(List<Fragment> fragments, long steps) {
    module.load(parameters);
    this.steps = steps;
    this.batch = Batch.of(
        fragments,
        module,
        config.get(OnPolicyConfig.USE_CRITIC),
        config.get(AlgorithmConfig.GAMMA),
        config.traceDecay());
    this.order = new int[batch.rows() / batch.sequences().length()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    this.epoch = 0;
    this.next = 0;
    this.stopped = false;
    this.updates = 0;
    this.normSum = 0;
    Arrays.fill(sums, 0);
  }

  @Override
  public boolean gradient(float[] into) {
    Batch all = Objects.requireNonNull(batch, "begin");
    if (next >= order.length) {
      epoch++;
      next = 0;
    }
    if (stopped || epoch >= config.epochs()) {
      return false;
    }
    int size = config.minibatchSize() / all.sequences().length();
    if (next == 0 && size < order.length) {
      shuffle();
    }
    int to = Math.min(next + size, order.length);
    Batch minibatch = all.gather(order, next, to);
    next = to;
    if (config.get(OnPolicyConfig.NORMALIZE_ADVANTAGE)) {
      minibatch = minibatch.withNormalizedAdvantages();
    }
    double[] statistics = gradient(minibatch, into);
    for (int k = 0; k < STATISTICS; k++) {
      into[parameters.length + k] = (float) statistics[k];
    }
    return true;
  }

  /** The gradient of one minibatch at the present parameters, in {@code into[0 .. parameters)}; by {@link Statistic}. */
  double[] gradient(Batch minibatch, float[] into) {
    room(minibatch.rows());
    module.load(parameters);
    module.forward(
        minibatch.observations(), minibatch.sequences(), minibatch.rows(), inputs, values);
    double[] statistics = config
        .loss(module.policy().distribution(), steps, klCoeff)
        .gradient(minibatch, inputs, values, inputGradients, valueGradients);
    module.backward(inputGradients, valueGradients, minibatch.rows(), into);
    return statistics;
  }

  private void room(int rows) {
    if (values.length < rows) {
      int inputWidth = module.policy().distribution().inputWidth();
      inputs = new float[rows * inputWidth];
      inputGradients = new float[rows * inputWidth];
      values = new float[rows];
      valueGradients = new float[rows];
    }
  }

  private void shuffle() {
    for (int i = order.length - 1; i > 0; i--) {
      int j = (int) random.integers(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
  }

  @Override
  public void apply(float[] averaged) {
    double norm = clip.apply(averaged, 0, parameters.length, module.segments());
    if (averaged[parameters.length + Statistic.APPROX_KL.index()] > STOP_AT * targetKl) {
      stopped = true;
      return;
    }
    adam.step(parameters, 0, averaged, 0, config.get(OnPolicyConfig.LR).at(steps));
    updates++;
    normSum += norm;
    for (int k = 0; k < STATISTICS; k++) {
      sums[k] += averaged[parameters.length + k];
    }
  }

  @Override
  public Map<String, Double> end() {
    Map<String, Double> metrics = new LinkedHashMap<>();
    int count = Math.max(1, updates);
    for (Statistic statistic : Statistic.values()) {
      metrics.put(statistic.key(), sums[statistic.index()] / count);
    }
    metrics.put("vf_explained_var", Objects.requireNonNull(batch, "begin").explainedVariance());
    metrics.put("gradients_default_optimizer_global_norm", normSum / count);
    metrics.put("default_optimizer_learning_rate", config.get(OnPolicyConfig.LR).at(steps));
    metrics.put("curr_entropy_coeff", config.get(OnPolicyConfig.ENTROPY_COEFF).at(steps));
    if (config instanceof PPOConfig && config.get(PPOConfig.USE_KL_LOSS)) {
      adaptKlCoeff(sums[Statistic.MEAN_KL_LOSS.index()] / count);
      metrics.put("curr_kl_coeff", klCoeff);
    }
    metrics.put("num_module_steps_trained", (double) updates * config.minibatchSize());
    batch = null;
    return metrics;
  }

  /** RLlib's rule: half as much again beyond twice the target, half below half of it. */
  private void adaptKlCoeff(double kl) {
    double target = config.get(PPOConfig.KL_TARGET);
    if (kl > 2 * target) {
      klCoeff *= 1.5;
    } else if (kl < 0.5 * target) {
      klCoeff *= 0.5;
    }
  }

  @Override
  public void write(DataOutput out) throws IOException {
    Floats.write(out, parameters);
    adam.write(out);
    random.write(out);
    out.writeDouble(klCoeff);
  }

  @Override
  public void read(DataInput in) throws IOException {
    Floats.read(in, parameters);
    adam.read(in);
    random.read(in);
    klCoeff = in.readDouble();
  }
}
