package io.llmagentos.rl.tabular;

/**
 * One way that an action may turn out.
 *
 * @param terminated the episode ends with it: the next state has no value
 */
public record Transition(double probability, int nextState, double reward, boolean terminated) {}
