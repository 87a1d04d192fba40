package io.llmagentos.rl.env;

import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Discrete;
import io.llmagentos.rl.space.Space;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Tries a user's environment ({@code gymnasium.utils.env_checker}): it declares spaces and keeps to them, the same seed and actions give the same episodes,
 * rewards are finite, masks leave an action, a snapshot brings everything back. What is wrong is an {@code ENVIRONMENT_FAILED} that names it.
 */
public final class EnvChecker {
  private static final int STEPS = 200;

  /** Everything that a run of the environment showed. */
  private record Run(List<float[]> observations, List<Object> results) {}

  private EnvChecker() {}

  /**
   * Plays several short runs of random actions; the environment is closed afterwards.
   *
   * @param make makes the environment, alike every time
   */
  public static <O, A> void check(String id, Supplier<? extends Env<O, A>> make) {
    try (Env<O, A> env = make.get();
        Env<O, A> other = make.get()) {
      requireSpaces(id, env);
      Run first = run(id, env, 7, STEPS);
      requireSame(
          id, first, run(id, env, 7, STEPS), "the same environment, reset with the same seed,");
      requireSame(
          id,
          first,
          run(id, other, 7, STEPS),
          "another one, made alike and reset with the same seed,");
      requireSnapshot(id, env, other);
    }
  }

  private static void requireSpaces(String id, Env<?, ?> env) {
    for (Space<?> space : Arrays.asList(env.observationSpace(), env.actionSpace())) {
      if (space == null) {
        throw EnvFault.broken(id, "it declares no observation space or no action space");
      }
    }
    int mask = env.actionMaskWidth();
    if (mask != 0 && !(env.actionSpace() instanceof Discrete space && space.n() == mask)) {
      throw EnvFault.broken(
          id, "its action mask has " + mask + " entries, its action space is " + env.actionSpace());
    }
  }

  private static <O, A> Run run(String id, Env<O, A> env, long seed, int steps) {
    Run run = new Run(new ArrayList<>(), new ArrayList<>());
    begin(id, env, run, env.reset(seed));
    play(id, env, run, Generator.of(seed), steps);
    return run;
  }

  private static <O, A> void begin(String id, Env<O, A> env, Run run, Reset<O> reset) {
    if (reset == null || reset.info() == null) {
      throw EnvFault.broken(id, "reset returned " + reset + ", must be an observation and an info");
    }
    record(id, env, run, reset.observation());
  }

  private static <O, A> void play(String id, Env<O, A> env, Run run, Generator random, int steps) {
    for (int i = 0; i < steps; i++) {
      A action = action(id, env, random);
      Step<O> step = env.step(action);
      if (step == null || step.info() == null) {
        throw EnvFault.broken(id, "step returned " + step);
      }
      record(id, env, run, step.observation());
      if (!Double.isFinite(step.reward())) {
        throw EnvFault.rewardNotFinite(id, step.reward());
      }
      run.results.add(List.of(step.reward(), step.terminated(), step.truncated()));
      if (step.terminated() || step.truncated()) {
        begin(id, env, run, env.reset());
      }
    }
  }

  private static <O, A> void record(String id, Env<O, A> env, Run run, O observation) {
    Space<O> space = env.observationSpace();
    if (!space.contains(observation)) {
      throw EnvFault.observationOutside(id, space, observation);
    }
    run.observations.add(space.flatten(observation));
  }

  @SuppressWarnings("unchecked")
  private static <O, A> A action(String id, Env<O, A> env, Generator random) {
    int width = env.actionMaskWidth();
    if (width == 0 || !(env.actionSpace() instanceof Discrete space)) {
      return env.actionSpace().sample(random);
    }
    boolean[] mask = new boolean[width];
    env.actionMask(mask, 0);
    for (boolean allowed : mask) {
      if (allowed) {
        return (A) (Integer) space.sample(random, mask);
      }
    }
    throw EnvFault.broken(id, "its action mask allows nothing, and the episode has not ended");
  }

  private static void requireSame(String id, Run one, Run two, String which) {
    for (int i = 0; i < one.observations.size(); i++) {
      if (i >= two.observations.size()
          || !Arrays.equals(one.observations.get(i), two.observations.get(i))) {
        throw EnvFault.broken(
            id, "it is not deterministic: " + which + " gave another observation at step " + i);
      }
    }
    if (!one.results.equals(two.results)) {
      throw EnvFault.broken(
          id, "it is not deterministic: " + which + " gave other rewards or ends");
    }
  }

  private static <O, A> void requireSnapshot(String id, Env<O, A> env, Env<O, A> other) {
    run(id, env, 11, STEPS / 2);
    Optional<byte[]> snapshot = env.snapshot();
    if (snapshot.isEmpty()) {
      return;
    }
    Run went = new Run(new ArrayList<>(), new ArrayList<>());
    play(id, env, went, Generator.of(13), STEPS);
    run(id, other, 17, STEPS / 4);
    other.restore(snapshot.get());
    Run restored = new Run(new ArrayList<>(), new ArrayList<>());
    play(id, other, restored, Generator.of(13), STEPS);
    requireSame(id, went, restored, "one restored from a snapshot");
  }
}
