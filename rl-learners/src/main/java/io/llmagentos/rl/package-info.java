/** Reinforcement learning: environments, policies, rollouts, algorithms. Its place in the house; nothing is here yet. */
@NullMarked
package io.llmagentos.rl;

import org.jspecify.annotations.NullMarked;
