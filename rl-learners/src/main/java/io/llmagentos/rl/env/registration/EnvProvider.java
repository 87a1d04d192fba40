package io.llmagentos.rl.env.registration;

import java.util.Collection;

/** Environments that a jar adds, found by {@link java.util.ServiceLoader}. */
public interface EnvProvider {
  Collection<EnvSpec> environments();
}
