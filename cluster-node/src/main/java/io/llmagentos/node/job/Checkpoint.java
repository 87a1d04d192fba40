package io.llmagentos.node.job;

/**
 * A checkpoint as the job's journal knows it: it exists once it is here.
 *
 * @param artifact its hash in the artifact store
 * @param iteration after which it was taken
 */
public record Checkpoint(String artifact, long iteration) {}
