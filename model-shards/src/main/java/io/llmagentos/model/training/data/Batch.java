package io.llmagentos.model.training.data;

import java.util.Optional;

/**
 * Padded examples. B rows; T tokens, as many as the longest row has.
 *
 * @param inputIds [B][T]
 * @param attentionMask [B][T], 1 where a token is
 * @param labels [B][T], {@link Example#IGNORED} where nothing is learnt, not shifted; for a classification [B][1]; for a text from a text as long as its targets
 * @param decoderInputIds for a text from a text: the labels shifted to the right
 */
public record Batch(
    int[][] inputIds, int[][] attentionMask, int[][] labels, Optional<int[][]> decoderInputIds) {}
