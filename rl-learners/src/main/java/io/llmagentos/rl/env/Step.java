package io.llmagentos.rl.env;

import java.util.Map;

/**
 * What one action led to.
 *
 * @param terminated the task ended in a terminal state: its value is zero
 * @param truncated the episode was cut for a reason outside the task, such as a time limit: the observation's value still counts
 */
public record Step<O>(
    O observation,
    double reward,
    boolean terminated,
    boolean truncated,
    Map<String, Object> info) {}
