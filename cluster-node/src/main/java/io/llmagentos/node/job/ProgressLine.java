package io.llmagentos.node.job;

/**
 * What an iteration gave.
 *
 * @param iteration counts from 1; an iteration that is done again after a loss replaces its line
 * @param metrics a JSON object in one line
 */
public record ProgressLine(long iteration, String metrics) {}
