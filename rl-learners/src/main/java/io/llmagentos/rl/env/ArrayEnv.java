package io.llmagentos.rl.env;

import java.util.Map;

/**
 * An environment that reads {@linkplain io.llmagentos.rl.space.Space#encode encoded} actions from arrays and writes {@linkplain
 * io.llmagentos.rl.space.Space#flatten(Object, float[], int) flat} observations into them: a step allocates nothing.
 */
public interface ArrayEnv<O, A> extends Env<O, A> {
  /** {@link #reset()}, with the observation written at {@code offset}. Returns the info. */
  Map<String, Object> reset(float[] observation, int offset);

  /** {@link #reset(long)}, with the observation written at {@code offset}. Returns the info. */
  Map<String, Object> reset(long seed, float[] observation, int offset);

  /** {@link #step(Object)}: reads the action, writes the observation, sets every field of {@code outcome}. */
  void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome);

  /**
   * Announces the action of the next {@link #step}: an environment elsewhere then takes it together with those of its neighbours. False, with nothing
   * done, where a step waits for nobody.
   */
  default boolean expect(float[] action, int offset) {
    return false;
  }

  /** The environment itself if it works on arrays, else a view of it that does, and that checks every observation against its space. */
  static <O, A> ArrayEnv<O, A> of(String id, Env<O, A> env) {
    return env instanceof ArrayEnv<O, A> array ? array : new ArrayView<>(id, env);
  }

  @Override
  default Reset<O> reset() {
    float[] flat = new float[observationSpace().flatdim()];
    Map<String, Object> info = reset(flat, 0);
    return new Reset<>(observationSpace().unflatten(flat), info);
  }

  @Override
  default Reset<O> reset(long seed) {
    float[] flat = new float[observationSpace().flatdim()];
    Map<String, Object> info = reset(seed, flat, 0);
    return new Reset<>(observationSpace().unflatten(flat), info);
  }

  @Override
  default Step<O> step(A action) {
    float[] encoded = new float[actionSpace().width()];
    actionSpace().encode(action, encoded, 0);
    float[] flat = new float[observationSpace().flatdim()];
    Outcome outcome = new Outcome();
    step(encoded, 0, flat, 0, outcome);
    return new Step<>(
        observationSpace().unflatten(flat),
        outcome.reward,
        outcome.terminated,
        outcome.truncated,
        outcome.info);
  }
}
