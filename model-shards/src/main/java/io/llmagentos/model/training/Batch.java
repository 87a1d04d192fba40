package io.llmagentos.model.training;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a model learns from at once, under Hugging Face's names. B rows of T tokens; the arrays are not copied and must not change meanwhile.
 *
 * @param inputIds [B][T]
 * @param attentionMask [B][T], 1 for a real token, 0 for padding; null if all are real
 * @param tokenTypeIds [B][T], for BERT; null for zeros
 * @param positionIds [B][T]; null for 0 to T - 1 in each row
 * @param decoderInputIds [B][U], for T5; null for the labels shifted to the right
 * @param labels [B][T] unshifted for decoders and masked models, [B][U] for T5, [B][1] for classifiers; {@link #IGNORED} is not learnt; null when only results are wanted
 */
public record Batch(
    int[][] inputIds,
    int @Nullable [][] attentionMask,
    int @Nullable [][] tokenTypeIds,
    int @Nullable [][] positionIds,
    int @Nullable [][] decoderInputIds,
    int @Nullable [][] labels) {
  /** The label of what is not to be learnt. */
  public static final int IGNORED = -100;

  /** Tokens alone. */
  public static Batch of(int[][] inputIds) {
    return new Batch(inputIds, null, null, null, null, null);
  }

  public Batch withLabels(int[][] values) {
    return new Batch(inputIds, attentionMask, tokenTypeIds, positionIds, decoderInputIds, values);
  }

  public Batch withAttentionMask(int[][] values) {
    return new Batch(inputIds, values, tokenTypeIds, positionIds, decoderInputIds, labels);
  }

  public Batch withTokenTypeIds(int[][] values) {
    return new Batch(inputIds, attentionMask, values, positionIds, decoderInputIds, labels);
  }

  public Batch withPositionIds(int[][] values) {
    return new Batch(inputIds, attentionMask, tokenTypeIds, values, decoderInputIds, labels);
  }

  public Batch withDecoderInputIds(int[][] values) {
    return new Batch(inputIds, attentionMask, tokenTypeIds, positionIds, values, labels);
  }

  int[][] requiredLabels() {
    return Objects.requireNonNull(labels, "labels");
  }
}
