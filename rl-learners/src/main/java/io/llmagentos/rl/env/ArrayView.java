package io.llmagentos.rl.env;

import io.llmagentos.rl.space.Space;
import java.util.Map;
import java.util.Optional;

/** An environment of objects, seen through arrays. An observation outside its space is refused: it has no flat form. */
final class ArrayView<O, A> implements ArrayEnv<O, A> {
  private final String id;
  private final Env<O, A> env;
  private final Space<O> observations;
  private final Space<A> actions;

  ArrayView(String id, Env<O, A> env) {
    this.id = id;
    this.env = env;
    this.observations = env.observationSpace();
    this.actions = env.actionSpace();
  }

  @Override
  public Space<O> observationSpace() {
    return observations;
  }

  @Override
  public Space<A> actionSpace() {
    return actions;
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    return write(env.reset(), observation, offset);
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    return write(env.reset(seed), observation, offset);
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    Step<O> step = env.step(actions.decode(action, actionOffset));
    write(step.observation(), observation, observationOffset);
    outcome.set(step.reward(), step.terminated(), step.truncated());
    outcome.info = step.info();
  }

  private Map<String, Object> write(Reset<O> reset, float[] out, int offset) {
    write(reset.observation(), out, offset);
    return reset.info();
  }

  private void write(O observation, float[] out, int offset) {
    if (!observations.contains(observation)) {
      throw EnvFault.observationOutside(id, observations, observation);
    }
    observations.flatten(observation, out, offset);
  }

  @Override
  public Optional<String> render() {
    return env.render();
  }

  @Override
  public int actionMaskWidth() {
    return env.actionMaskWidth();
  }

  @Override
  public void actionMask(boolean[] mask, int offset) {
    env.actionMask(mask, offset);
  }

  @Override
  public Env<?, ?> unwrapped() {
    return env.unwrapped();
  }

  @Override
  public Optional<byte[]> snapshot() {
    return env.snapshot();
  }

  @Override
  public void restore(byte[] snapshot) {
    env.restore(snapshot);
  }

  @Override
  public void close() {
    env.close();
  }
}
