package io.llmagentos.rl.env;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.rl.space.Space;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * N environments with the same spaces, stepped one after the other in the calling thread ({@code gymnasium.vector.SyncVectorEnv}). Shapes: observations
 * [N][D] flat, D = {@code flatdim} of the observation space; actions [N][A] encoded, A = {@code width} of the action space (a number out of n is
 * itself). Environments that {@link ArrayEnv#expect} their actions are told all of them first. Steps of {@link ArrayEnv}s allocate nothing. Not thread-safe; it owns the environments.
 */
public final class VectorEnv implements AutoCloseable {
  private final ArrayEnv<?, ?>[] envs;
  private final AutoresetMode mode;
  private final Space<?> observationSpace;
  private final Space<?> actionSpace;
  private final int observationWidth;
  private final int actionWidth;
  private final int maskWidth;
  private final boolean[] ended;
  private final List<Map<String, Object>> infos;
  private final List<Map<String, Object>> finalInfos;
  private final Outcome outcome = new Outcome();
  private boolean together = true;

  public VectorEnv(List<? extends Env<?, ?>> envs, AutoresetMode mode) {
    if (envs.isEmpty()) {
      throw new AgentOsException(ErrorCode.INVALID_REQUEST, "a VectorEnv needs an environment");
    }
    this.envs = envs.stream().map(VectorEnv::array).toArray(ArrayEnv<?, ?>[]::new);
    this.mode = mode;
    this.observationSpace = envs.getFirst().observationSpace();
    this.actionSpace = envs.getFirst().actionSpace();
    this.observationWidth = observationSpace.flatdim();
    this.actionWidth = actionSpace.width();
    this.maskWidth = envs.getFirst().actionMaskWidth();
    for (Env<?, ?> env : envs) {
      require(observationSpace, env.observationSpace());
      require(actionSpace, env.actionSpace());
    }
    this.ended = new boolean[envs.size()];
    this.infos = new ArrayList<>(Collections.nCopies(envs.size(), Map.of()));
    this.finalInfos = new ArrayList<>(Collections.nCopies(envs.size(), Map.of()));
  }

  private static <O, A> ArrayEnv<O, A> array(Env<O, A> env) {
    return ArrayEnv.of(env.unwrapped().getClass().getSimpleName(), env);
  }

  private static void require(Space<?> first, Space<?> other) {
    if (!first.equals(other)) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "the environments of a VectorEnv must have the same spaces: " + first + ", " + other);
    }
  }

  /** N. */
  public int size() {
    return envs.length;
  }

  public AutoresetMode mode() {
    return mode;
  }

  public Space<?> observationSpace() {
    return observationSpace;
  }

  public Space<?> actionSpace() {
    return actionSpace;
  }

  /** D. */
  public int observationWidth() {
    return observationWidth;
  }

  /** A. */
  public int actionWidth() {
    return actionWidth;
  }

  public Env<?, ?> env(int index) {
    return envs[index];
  }

  /** Arrays of the right sizes. */
  public VectorStep newStep() {
    return new VectorStep(envs.length, observationWidth);
  }

  /** Resets every environment; environment i gets {@code seed + i}. */
  public void reset(long seed, VectorStep out) {
    long[] seeds = new long[envs.length];
    for (int i = 0; i < seeds.length; i++) {
      seeds[i] = seed + i;
    }
    reset(seeds, out);
  }

  /** Resets every environment with a seed of its own. */
  public void reset(long[] seeds, VectorStep out) {
    for (int i = 0; i < envs.length; i++) {
      infos.set(i, envs[i].reset(seeds[i], out.observations(), i * observationWidth));
      begun(i, out);
    }
  }

  /** Resets the environments that {@code which} names, with their random numbers where they stand; the rows of the others stay as they are. */
  public void reset(boolean[] which, VectorStep out) {
    for (int i = 0; i < envs.length; i++) {
      if (which[i]) {
        infos.set(i, envs[i].reset(out.observations(), i * observationWidth));
        begun(i, out);
      }
    }
  }

  private void begun(int i, VectorStep out) {
    ended[i] = false;
    out.rewards()[i] = 0;
    out.terminated()[i] = false;
    out.truncated()[i] = false;
  }

  /** One step of every environment, in order. An environment that fails leaves the rows after it as they were. */
  public void step(float[] actions, VectorStep out) {
    for (int i = 0; i < envs.length && together; i++) {
      if (!ended[i]) {
        together = envs[i].expect(actions, i * actionWidth);
      }
    }
    float[] observations = out.observations();
    for (int i = 0; i < envs.length; i++) {
      if (ended[i] && mode == AutoresetMode.NEXT_STEP) {
        infos.set(i, envs[i].reset(observations, i * observationWidth));
        begun(i, out);
        continue;
      }
      envs[i].step(actions, i * actionWidth, observations, i * observationWidth, outcome);
      out.rewards()[i] = outcome.reward;
      out.terminated()[i] = outcome.terminated;
      out.truncated()[i] = outcome.truncated;
      infos.set(i, outcome.info);
      ended[i] = outcome.terminated || outcome.truncated;
      if (ended[i] && mode == AutoresetMode.SAME_STEP) {
        resetNow(i, out);
      }
    }
  }

  private void resetNow(int i, VectorStep out) {
    int row = i * observationWidth;
    System.arraycopy(out.observations(), row, out.finalObservations(), row, observationWidth);
    finalInfos.set(i, infos.get(i));
    infos.set(i, envs[i].reset(out.observations(), row));
    ended[i] = false;
  }

  /** What environment {@code i} said beside its last observation. */
  public Map<String, Object> info(int i) {
    return infos.get(i);
  }

  /** The info of the last step of the last episode that {@link AutoresetMode#SAME_STEP} ended. */
  public Map<String, Object> finalInfo(int i) {
    return finalInfos.get(i);
  }

  /** How many entries an action mask has; 0 if the environments give none. */
  public int actionMaskWidth() {
    return maskWidth;
  }

  /** Writes which actions make sense now: [N][{@link #actionMaskWidth}]. */
  public void actionMasks(boolean[] out) {
    for (int i = 0; i < envs.length; i++) {
      envs[i].actionMask(out, i * maskWidth);
    }
  }

  /** The state of all environments; empty if one cannot say. Infos are not part of it. */
  public Optional<byte[]> snapshot() {
    List<byte[]> parts = new ArrayList<>();
    for (Env<?, ?> env : envs) {
      Optional<byte[]> part = env.snapshot();
      if (part.isEmpty()) {
        return Optional.empty();
      }
      parts.add(part.get());
    }
    return Optional.of(Snapshot.of(out -> {
      for (int i = 0; i < envs.length; i++) {
        out.writeBoolean(ended[i]);
        Snapshot.writePart(out, parts.get(i));
      }
    }));
  }

  public void restore(byte[] snapshot) {
    Snapshot.read(snapshot, in -> {
      for (int i = 0; i < envs.length; i++) {
        ended[i] = in.readBoolean();
        envs[i].restore(Snapshot.readPart(in));
      }
    });
  }

  @Override
  public void close() {
    for (Env<?, ?> env : envs) {
      env.close();
    }
  }
}
