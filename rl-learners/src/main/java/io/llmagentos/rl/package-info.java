/** Reinforcement learning: environments, policies, rollouts, algorithms. */
@NullMarked
package io.llmagentos.rl;

import org.jspecify.annotations.NullMarked;
