package io.llmagentos.rl.env;

import io.llmagentos.rl.space.Space;
import java.util.Optional;

/**
 * An environment as {@code gymnasium.Env} defines it: {@link #reset} begins an episode, {@link #step} takes an action, until a step is terminated or
 * truncated. Not thread-safe. A user's environment implements this; one that must be fast implements {@link ArrayEnv}.
 *
 * @param <O> observations, values of {@link #observationSpace}
 * @param <A> actions, values of {@link #actionSpace}
 */
public interface Env<O, A> extends AutoCloseable {
  Space<O> observationSpace();

  Space<A> actionSpace();

  /** Begins an episode with the random numbers where they stand; those of an environment that was never seeded differ from run to run. */
  Reset<O> reset();

  /** Begins an episode with new random numbers: the same seed and the same actions give the same episodes. */
  Reset<O> reset(long seed);

  Step<O> step(A action);

  /** The state as text; empty if the environment has no picture of itself. */
  default Optional<String> render() {
    return Optional.empty();
  }

  /** How many entries the action mask has; 0 if there is none. */
  default int actionMaskWidth() {
    return 0;
  }

  /** Writes which actions make sense in the present state. Only where {@link #actionMaskWidth} is not 0. */
  default void actionMask(boolean[] mask, int offset) {}

  /** The environment inside all wrappers. */
  default Env<?, ?> unwrapped() {
    return this;
  }

  /** All that the future depends on, random numbers included; empty if the environment cannot say. */
  default Optional<byte[]> snapshot() {
    return Optional.empty();
  }

  /** Goes back to a {@link #snapshot} of an environment made in the same way. */
  default void restore(byte[] snapshot) {
    throw new UnsupportedOperationException(getClass().getName() + " has no snapshots");
  }

  @Override
  default void close() {}
}
