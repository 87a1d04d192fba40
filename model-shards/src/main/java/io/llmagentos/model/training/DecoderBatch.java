package io.llmagentos.model.training;

/**
 * Sequences of one step, padded on the right.
 *
 * @param ids B rows of T token ids
 * @param rows N positions in the flattened B*T whose next token is learnt
 * @param targets the N next tokens
 * @param weights the N weights in the loss
 */
public record DecoderBatch(long[][] ids, long[] rows, long[] targets, float[] weights) {}
