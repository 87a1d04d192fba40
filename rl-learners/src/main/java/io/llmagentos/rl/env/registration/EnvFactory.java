package io.llmagentos.rl.env.registration;

import io.llmagentos.rl.env.Env;

/** Makes an environment. Every option that it reads from the kwargs, with its default, is one it has; any other is refused. */
@FunctionalInterface
public interface EnvFactory {
  Env<?, ?> make(Kwargs kwargs);
}
