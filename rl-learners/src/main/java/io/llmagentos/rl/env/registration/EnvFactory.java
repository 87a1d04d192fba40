package io.llmagentos.rl.env.registration;

import io.llmagentos.rl.env.Env;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Makes an environment. Every option that it reads from the kwargs, with its default, is one it has; any other is refused. */
@FunctionalInterface
public interface EnvFactory {
  Env<?, ?> make(Kwargs kwargs);

  /** N environments for one {@link io.llmagentos.rl.env.VectorEnv}: made one by one, unless they share something. */
  default List<? extends Env<?, ?>> make(Kwargs kwargs, int environments) {
    return Stream.<Env<?, ?>>generate(() -> make(kwargs)).limit(environments).toList();
  }

  /**
   * Reads the options as {@link #make(Kwargs)} does, before anything runs; by default it makes one.
   *
   * @return an environment that says its spaces; empty where that takes another process or much time
   */
  default Optional<Env<?, ?>> preview(Kwargs kwargs) {
    return Optional.of(make(kwargs));
  }
}
