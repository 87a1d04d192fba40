package io.llmagentos.rl.rollout;

/**
 * An episode that ended.
 *
 * @param environment its index among all environments of the run
 * @param totalReward undiscounted
 * @param length in steps
 */
public record Episode(int environment, double totalReward, int length) {}
