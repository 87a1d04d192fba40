package io.llmagentos.model.training.data;

/**
 * What is learnt from; the arrays are not to be changed.
 *
 * @param labels per token, {@link io.llmagentos.model.training.Batch#IGNORED} where nothing is learnt; for a classification one class; for a text from a text its tokens
 */
public record Example(int[] inputIds, int[] labels) {}
