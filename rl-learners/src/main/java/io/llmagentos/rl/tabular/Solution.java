package io.llmagentos.rl.tabular;

/**
 * An optimal policy and its values.
 *
 * @param values V*(s)
 * @param policy an optimal action in every state, the first of equals
 * @param iterations sweeps or improvements that it took
 */
public record Solution(double[] values, int[] policy, int iterations) {}
