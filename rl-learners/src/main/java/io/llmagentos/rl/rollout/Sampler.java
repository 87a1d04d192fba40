package io.llmagentos.rl.rollout;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.env.AutoresetMode;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.env.VectorStep;
import io.llmagentos.rl.policy.ActionDistribution;
import io.llmagentos.rl.policy.ActionNoise;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.random.Generator;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Steps N environments with a policy. Episodes run on from one {@link #sample} to the next. Every environment has random numbers of its own, for itself and
 * for its actions, from the run's seed and its index in the run; hence what it experiences depends on the policies given, not on which environments sit beside
 * it. Not thread-safe; owns the {@link VectorEnv} and the policy.
 */
public final class Sampler implements AutoCloseable {
  /** How actions come from the policy. */
  public enum Behaviour {
    /** Sampled, with noise. */
    EXPLORE,
    /** The mode of the distribution. */
    GREEDY,
    /** Uniform in [-1, 1], whatever the policy says. */
    RANDOM
  }

  private final VectorEnv env;
  private final Policy policy;
  private final ActionDistribution distribution;
  private final NormalizeAndClipActions fit;
  private final @Nullable ActionNoise noise;
  private final int firstEnvironment;
  private final int sequenceLength;

  private final VectorStep step;
  private final Generator[] random;
  private final int stateWidth;
  private final float[] states;
  private final float[][] noiseState;
  private final double[] episodeReturn;
  private final int[] episodeLength;

  private final float[] inputs;
  private final float[] actions;
  private final float[] envActions;
  private final boolean[] masks;

  /**
   * Resets the environments.
   *
   * @param env in mode {@link AutoresetMode#SAME_STEP}
   * @param noise added to actions that explore
   * @param sequenceLength steps between two states of the policy that fragments hold
   * @param firstEnvironment index of its first environment among all of the run
   * @param envSeeds the stream that seeds the environments
   * @param actionSeeds the stream that seeds the choice of actions
   */
  public Sampler(
      VectorEnv env,
      Policy policy,
      NormalizeAndClipActions fit,
      Optional<ActionNoise> noise,
      int sequenceLength,
      int firstEnvironment,
      long seed,
      Seeds envSeeds,
      Seeds actionSeeds) {
    if (env.mode() != AutoresetMode.SAME_STEP) {
      throw new IllegalArgumentException("a Sampler needs SAME_STEP, not " + env.mode());
    }
    int n = env.size();
    this.env = env;
    this.policy = policy;
    this.distribution = policy.distribution();
    this.fit = fit;
    this.noise = noise.orElse(null);
    this.sequenceLength = sequenceLength;
    this.firstEnvironment = firstEnvironment;
    this.step = env.newStep();
    this.random = new Generator[n];
    this.stateWidth = policy.network().stateWidth();
    this.states = new float[n * stateWidth];
    this.noiseState = new float[n][distribution.actionWidth()];
    this.episodeReturn = new double[n];
    this.episodeLength = new int[n];
    this.inputs = new float[n * distribution.inputWidth()];
    this.actions = new float[n * distribution.actionWidth()];
    this.envActions = new float[n * env.actionWidth()];
    this.masks = new boolean[n * env.actionMaskWidth()];
    long[] seeds = new long[n];
    for (int i = 0; i < n; i++) {
      seeds[i] = envSeeds.of(seed, firstEnvironment + i);
      random[i] = Generator.of(actionSeeds.of(seed, firstEnvironment + i));
    }
    env.reset(seeds, step);
  }

  /** N. */
  public int environments() {
    return env.size();
  }

  public int firstEnvironment() {
    return firstEnvironment;
  }

  /** Copies the policy's parameters, the first {@code policy.parameterCount()} numbers. */
  public void load(float[] parameters) {
    policy.load(parameters, 0);
  }

  /** {@code steps} steps of every environment. */
  public Fragment sample(int steps, Behaviour behaviour) {
    int n = env.size();
    FragmentBuilder out = new FragmentBuilder(
        firstEnvironment,
        n,
        steps,
        env.observationWidth(),
        distribution.actionWidth(),
        distribution.inputWidth(),
        sequenceLength,
        stateWidth);
    for (int t = 0; t < steps; t++) {
      if (stateWidth > 0) {
        out.remembered(t, states);
      }
      act(behaviour);
      for (int i = 0; i < n; i++) {
        out.before(i, t, step.observations(), actions, inputs);
      }
      env.step(envActions, step);
      for (int i = 0; i < n; i++) {
        episodeReturn[i] += step.rewards()[i];
        episodeLength[i]++;
        out.after(i, t, step);
        if (step.done(i)) {
          out.ended(new Episode(firstEnvironment + i, episodeReturn[i], episodeLength[i]));
          begin(i);
        }
      }
    }
    return out.build(step.observations());
  }

  private void begin(int i) {
    episodeReturn[i] = 0;
    episodeLength[i] = 0;
    Arrays.fill(states, i * stateWidth, (i + 1) * stateWidth, 0);
    Arrays.fill(noiseState[i], 0);
  }

  private void act(Behaviour behaviour) {
    int n = env.size();
    int inputWidth = distribution.inputWidth();
    int actionWidth = distribution.actionWidth();
    policy.infer(step.observations(), states, n, inputs);
    if (masks.length > 0) {
      env.actionMasks(masks);
    }
    for (int i = 0; i < n; i++) {
      if (masks.length > 0) {
        distribution.mask(masks, i * env.actionMaskWidth(), inputs, i * inputWidth);
      }
      int at = i * actionWidth;
      switch (behaviour) {
        case GREEDY -> distribution.mode(inputs, i * inputWidth, actions, at);
        case RANDOM -> {
          for (int k = at; k < at + actionWidth; k++) {
            actions[k] = (float) random[i].uniform(-1, 1);
          }
        }
        case EXPLORE -> {
          distribution.sample(inputs, i * inputWidth, random[i], actions, at);
          if (noise != null) {
            noise.add(random[i], noiseState[i], actions, at, actionWidth);
          }
        }
      }
      fit.apply(actions, at, envActions, i * env.actionWidth());
    }
  }

  /** The state of every environment with all that belongs to it, one part each; empty if an environment cannot say its state. */
  public Optional<List<byte[]>> snapshot() {
    List<byte[]> parts = new ArrayList<>();
    for (int i = 0; i < env.size(); i++) {
      Optional<byte[]> state = env.env(i).snapshot();
      if (state.isEmpty()) {
        return Optional.empty();
      }
      int index = i;
      parts.add(Snapshot.of(out -> write(index, state.get(), out)));
    }
    return Optional.of(parts);
  }

  /** Goes back to a {@link #snapshot}; its parts may come from samplers with other shares of the run's environments. */
  public void restore(List<byte[]> parts) {
    if (parts.size() != env.size()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "the state of " + parts.size() + " environments does not fit " + env.size(),
          "num_envs_per_env_runner");
    }
    for (int i = 0; i < parts.size(); i++) {
      int index = i;
      Snapshot.read(parts.get(i), in -> read(index, in));
    }
  }

  private void write(int i, byte[] state, DataOutput out) throws IOException {
    Snapshot.writePart(out, state);
    random[i].write(out);
    int width = env.observationWidth();
    for (int k = 0; k < width; k++) {
      out.writeFloat(step.observations()[i * width + k]);
    }
    for (float value : noiseState[i]) {
      out.writeFloat(value);
    }
    for (int k = 0; k < stateWidth; k++) {
      out.writeFloat(states[i * stateWidth + k]);
    }
    out.writeDouble(episodeReturn[i]);
    out.writeInt(episodeLength[i]);
  }

  private void read(int i, DataInput in) throws IOException {
    env.env(i).restore(Snapshot.readPart(in));
    random[i].read(in);
    int width = env.observationWidth();
    for (int k = 0; k < width; k++) {
      step.observations()[i * width + k] = in.readFloat();
    }
    for (int k = 0; k < noiseState[i].length; k++) {
      noiseState[i][k] = in.readFloat();
    }
    for (int k = 0; k < stateWidth; k++) {
      states[i * stateWidth + k] = in.readFloat();
    }
    episodeReturn[i] = in.readDouble();
    episodeLength[i] = in.readInt();
  }

  @Override
  public void close() {
    env.close();
  }
}
