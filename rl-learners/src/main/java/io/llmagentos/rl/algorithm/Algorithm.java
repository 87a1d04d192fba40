package io.llmagentos.rl.algorithm;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.rollout.Episode;
import io.llmagentos.rl.rollout.Fragment;
import io.llmagentos.rl.rollout.NormalizeAndClipActions;
import io.llmagentos.rl.rollout.Sampler;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * An algorithm in training: from its {@link Sampling} to its {@link Learning}, in the calling thread. The same configuration and seed give the same results,
 * whatever the number of runners that share the environments and wherever they are. Not thread-safe.
 */
public final class Algorithm implements AutoCloseable {
  private static final int FORMAT = 1;
  private static final String FILE = "algorithm_state";

  /** Steps after which an evaluation takes an episode that has not ended for what it is. */
  private static final int EVALUATION_STEPS = 100_000;

  private static final int EVALUATION_FRAGMENT = 100;

  private final AlgorithmConfig<?> config;
  private final EnvRegistry environments;
  private final LongSupplier nanoTime;
  private final Sampling sampling;
  private final Learning learning;
  private final EpisodeMetrics episodes;
  private final Policy acting;
  private final NormalizeAndClipActions actingFit;

  private int iteration;
  private long sampled;
  private long nanos;

  /**
   * An algorithm over samplers and learners of the caller's; it closes both.
   *
   * @param nanoTime a clock in nanoseconds, for {@code time_total_s}
   */
  Algorithm(
      AlgorithmConfig<?> config,
      EnvRegistry environments,
      LongSupplier nanoTime,
      Sampling sampling,
      Learning learning) {
    this.config = config;
    this.environments = environments;
    this.nanoTime = nanoTime;
    this.episodes =
        new EpisodeMetrics(config.get(AlgorithmConfig.METRICS_NUM_EPISODES_FOR_SMOOTHING));
    this.sampling = sampling;
    this.learning = learning;
    try (VectorEnv env = config.newVectorEnv(environments, 1)) {
      this.acting = config.newPolicy(env);
      this.actingFit = config.newActionFit(env, acting);
    }
  }

  /**
   * One iteration. The result has RLlib's names, for example {@code env_runners/episode_return_mean}, {@code num_env_steps_sampled_lifetime}, {@code
   * learners/default_policy/policy_loss}, {@code training_iteration}, {@code time_total_s}.
   */
  public Map<String, Number> train() {
    long began = nanoTime.getAsLong();
    long sampledBefore = sampled;
    Map<String, Double> learnt;
    do {
      learnt = namedStep();
    } while (sampled - sampledBefore
        < config.get(AlgorithmConfig.MIN_SAMPLE_TIMESTEPS_PER_ITERATION));
    iteration++;
    Map<String, Number> result = new LinkedHashMap<>();
    result.put("training_iteration", iteration);
    episodes.report("env_runners/", result);
    result.put("env_runners/num_env_steps_sampled", sampled - sampledBefore);
    result.put("num_env_steps_sampled_lifetime", sampled);
    learnt.forEach((name, value) -> result.put("learners/default_policy/" + name, value));
    int interval = config.get(AlgorithmConfig.EVALUATION_INTERVAL);
    if (interval > 0 && iteration % interval == 0) {
      evaluate().forEach((name, value) -> result.put("evaluation/" + name, value));
    }
    long took = nanoTime.getAsLong() - began;
    nanos += took;
    result.put("time_this_iter_s", took * 1e-9);
    result.put("time_total_s", nanos * 1e-9);
    return result;
  }

  private Map<String, Double> namedStep() {
    try {
      return trainingStep();
    } catch (AgentOsException e) {
      if (e.code() != ErrorCode.TRAINING_DIVERGED) {
        throw e;
      }
      throw new AgentOsException(
          e.code(),
          "in iteration " + (iteration + 1) + ", after " + sampled + " steps: " + e.getMessage(),
          e.param(),
          e);
    }
  }

  /** Samples with the present policy, and learns from it. Returns the learners' metrics. */
  private Map<String, Double> trainingStep() {
    List<Fragment> fragments = sampling.sample(
        learning.parameters(),
        config.fragmentsPerStep(),
        config.fragmentLength(),
        config.behaviour(sampled));
    for (Fragment fragment : fragments) {
      episodes.add(fragment.episodes());
      sampled += fragment.rows();
    }
    return learning.learn(fragments, sampled);
  }

  /** Plays {@code evaluation_duration} episodes in environments of their own, always the same ones. */
  public Map<String, Number> evaluate() {
    int wanted = config.get(AlgorithmConfig.EVALUATION_DURATION);
    int count = Math.min(wanted, config.environments());
    Behaviour how =
        config.get(AlgorithmConfig.EVALUATION_EXPLORE) ? Behaviour.EXPLORE : Behaviour.GREEDY;
    List<List<Episode>> played = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      played.add(new ArrayList<>());
    }
    try (Sampler sampler = config.newEvaluationSampler(environments, count)) {
      sampler.load(learning.parameters());
      for (int steps = 0; steps < EVALUATION_STEPS; steps += EVALUATION_FRAGMENT) {
        Fragment fragment = sampler.sample(EVALUATION_FRAGMENT, how);
        fragment.episodes().forEach(episode -> played.get(episode.environment()).add(episode));
        if (enough(played, wanted)) {
          break;
        }
      }
    }
    EpisodeMetrics metrics = new EpisodeMetrics(wanted);
    for (int i = 0; i < count; i++) {
      List<Episode> own = played.get(i);
      metrics.add(own.subList(0, Math.min(own.size(), quota(i, count, wanted))));
    }
    Map<String, Number> result = new LinkedHashMap<>();
    metrics.report("env_runners/", result);
    return result;
  }

  private static int quota(int i, int count, int wanted) {
    return wanted / count + (i < wanted % count ? 1 : 0);
  }

  private static boolean enough(List<List<Episode>> played, int wanted) {
    for (int i = 0; i < played.size(); i++) {
      if (played.get(i).size() < quota(i, played.size(), wanted)) {
        return false;
      }
    }
    return true;
  }

  /** Numbers that the policy remembers of an episode; 0: nothing. */
  public int stateWidth() {
    return acting.network().stateWidth();
  }

  /** The greedy action, of a policy that remembers at the beginning of an episode. Both flat: see {@link io.llmagentos.rl.space.Space}. */
  public float[] computeSingleAction(float[] observation) {
    return computeSingleAction(observation, new float[stateWidth()]);
  }

  /**
   * The greedy action, in the course of an episode.
   *
   * @param state what the policy remembers, {@link #stateWidth} numbers, zeros at the beginning; becomes what it remembers next
   */
  public float[] computeSingleAction(float[] observation, float[] state) {
    return action(observation, state, Optional.empty());
  }

  /** An action drawn from the policy, otherwise as {@link #computeSingleAction(float[])}. */
  public float[] computeSingleAction(float[] observation, Generator random) {
    return action(observation, new float[stateWidth()], Optional.of(random));
  }

  private float[] action(float[] observation, float[] state, Optional<Generator> random) {
    require("observation", observation.length, acting.network().inputWidth());
    require("state", state.length, stateWidth());
    acting.load(learning.parameters(), 0);
    float[] inputs = new float[acting.distribution().inputWidth()];
    acting.infer(observation, state, 1, inputs);
    float[] action = new float[acting.distribution().actionWidth()];
    random.ifPresentOrElse(
        generator -> acting.distribution().sample(inputs, 0, generator, action, 0),
        () -> acting.distribution().mode(inputs, 0, action, 0));
    float[] out = new float[action.length];
    actingFit.apply(action, 0, out, 0);
    return out;
  }

  private static void require(String what, int found, int expected) {
    if (found != expected) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "the " + what + " has " + found + " numbers, must have " + expected,
          what);
    }
  }

  /** A copy of all parameters, the policy's first. */
  public float[] parameters() {
    return learning.parameters().clone();
  }

  /** Writes a checkpoint into a directory, which is made if it is not there. The old one stays until the new one is whole. */
  public void saveToPath(Path directory) {
    try {
      Files.createDirectories(directory);
      Path part = directory.resolve(FILE + ".part");
      Files.write(part, state());
      Files.move(
          part,
          directory.resolve(FILE),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write a checkpoint to " + directory, e);
    }
  }

  /** Goes back to a checkpoint of the same configuration (the number of runners may differ). Throws {@code CHECKPOINT_INVALID}. */
  public void restoreFromPath(Path directory) {
    try {
      restore(Files.readAllBytes(directory.resolve(FILE)));
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "there is no checkpoint to be read in " + directory + ": " + e,
          null,
          e);
    }
  }

  /** Everything that the future depends on. Environments that cannot say their state begin new episodes when it is restored. */
  public byte[] state() {
    return Snapshot.of(this::write);
  }

  public void restore(byte[] state) {
    try {
      Snapshot.read(state, this::read);
    } catch (UncheckedIOException e) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "the checkpoint is not one of this configuration: " + e.getCause(),
          null,
          e);
    }
  }

  private void write(DataOutput out) throws IOException {
    out.writeInt(FORMAT);
    out.writeUTF(config.algorithm());
    out.writeUTF(config.get(AlgorithmConfig.ENV));
    out.writeInt(iteration);
    out.writeLong(sampled);
    out.writeLong(nanos);
    episodes.write(out);
    learning.write(out);
    List<byte[]> parts = sampling.snapshot().orElse(List.of());
    out.writeInt(parts.size());
    for (byte[] part : parts) {
      Snapshot.writePart(out, part);
    }
  }

  private void read(DataInput in) throws IOException {
    int format = in.readInt();
    String algorithm = in.readUTF();
    String env = in.readUTF();
    if (format != FORMAT
        || !algorithm.equals(config.algorithm())
        || !env.equals(config.get(AlgorithmConfig.ENV))) {
      throw new IOException(
          "format " + format + ", " + algorithm + " in " + env + "; wanted format " + FORMAT + ", "
              + config.algorithm() + " in " + config.get(AlgorithmConfig.ENV));
    }
    iteration = in.readInt();
    sampled = in.readLong();
    nanos = in.readLong();
    episodes.read(in);
    learning.read(in);
    List<byte[]> parts = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      parts.add(Snapshot.readPart(in));
    }
    if (parts.isEmpty()) {
      return;
    }
    if (parts.size() != config.environments()) {
      throw new IOException(parts.size() + " environments; wanted " + config.environments());
    }
    sampling.restore(parts);
  }

  @Override
  public void close() {
    sampling.close();
    learning.close();
  }
}
