/** Environments in other processes, over the protocol that {@code docs/environments.md} describes. */
@NullMarked
package io.llmagentos.rl.env.remote;

import org.jspecify.annotations.NullMarked;
