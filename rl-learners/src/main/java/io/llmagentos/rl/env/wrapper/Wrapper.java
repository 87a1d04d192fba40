package io.llmagentos.rl.env.wrapper;

import io.llmagentos.rl.env.ArrayEnv;
import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.Outcome;
import io.llmagentos.rl.env.Snapshot;
import io.llmagentos.rl.space.Space;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** An environment around an environment, which it owns. By itself it changes nothing; a wrapper overrides what it changes. */
public abstract class Wrapper<O, A> implements ArrayEnv<O, A> {
  protected final ArrayEnv<?, ?> env;
  private final Space<O> observationSpace;
  private final Space<A> actionSpace;

  /** Keeps both spaces. */
  protected Wrapper(ArrayEnv<O, A> env) {
    this(env, env.observationSpace(), env.actionSpace());
  }

  protected Wrapper(ArrayEnv<?, ?> env, Space<O> observationSpace, Space<A> actionSpace) {
    this.env = env;
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
  }

  @Override
  public final Space<O> observationSpace() {
    return observationSpace;
  }

  @Override
  public final Space<A> actionSpace() {
    return actionSpace;
  }

  @Override
  public Map<String, Object> reset(float[] observation, int offset) {
    return env.reset(observation, offset);
  }

  @Override
  public Map<String, Object> reset(long seed, float[] observation, int offset) {
    return env.reset(seed, observation, offset);
  }

  @Override
  public void step(
      float[] action,
      int actionOffset,
      float[] observation,
      int observationOffset,
      Outcome outcome) {
    env.step(action, actionOffset, observation, observationOffset, outcome);
  }

  /** Writes what this wrapper itself remembers. */
  protected void write(DataOutput out) throws IOException {}

  /** Reads what {@link #write} wrote. */
  protected void read(DataInput in) throws IOException {}

  @Override
  public final Optional<byte[]> snapshot() {
    return env.snapshot()
        .map(inner -> Snapshot.of(out -> {
          Snapshot.writePart(out, inner);
          write(out);
        }));
  }

  @Override
  public final void restore(byte[] snapshot) {
    Snapshot.read(snapshot, in -> {
      env.restore(Snapshot.readPart(in));
      read(in);
    });
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
  public void close() {
    env.close();
  }
}
