/** Reinforcement learning as jobs of the cluster: the driver, its runners and learner ranks, and the trained policies. */
@NullMarked
package io.llmagentos.rl.job;

import org.jspecify.annotations.NullMarked;
