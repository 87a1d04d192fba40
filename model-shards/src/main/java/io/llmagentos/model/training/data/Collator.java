package io.llmagentos.model.training.data;

import io.llmagentos.model.training.Batch;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Makes a batch of examples: what a row becomes depends on the example, its index and the epoch alone, never on who else is in the batch or on which rank it is. */
@FunctionalInterface
public interface Collator {
  /**
   * A batch of the examples at these indices, at least one.
   *
   * @param epoch from 0; the same one always gives the same batch
   */
  Batch collate(Examples examples, long[] indices, long epoch);

  /** Of a causal language model: labels are padded with what is ignored. */
  static Collator languageModel(int padToken) {
    return (examples, indices, epoch) -> {
      List<Example> rows = rows(examples, indices);
      return batch(rows, padToken, pad(rows.stream().map(Example::labels), Batch.IGNORED));
    };
  }

  /** Of a classification: a label per row. */
  static Collator classification(int padToken) {
    return (examples, indices, epoch) -> {
      List<Example> rows = rows(examples, indices);
      return batch(rows, padToken, rows.stream().map(Example::labels).toArray(int[][]::new));
    };
  }

  /** Of a text from a text: the decoder reads the labels one place to the right, after its start token. */
  static Collator seq2seq(int padToken, int decoderStartToken) {
    return (examples, indices, epoch) -> {
      List<Example> rows = rows(examples, indices);
      int[][] labels = pad(rows.stream().map(Example::labels), Batch.IGNORED);
      int[][] shifted = Arrays.stream(labels)
          .map(row -> shiftRight(row, padToken, decoderStartToken))
          .toArray(int[][]::new);
      return batch(rows, padToken, labels).withDecoderInputIds(shifted);
    };
  }

  private static int[] shiftRight(int[] labels, int padToken, int decoderStartToken) {
    int[] shifted = new int[labels.length];
    for (int t = 0; t < shifted.length; t++) {
      int before = t == 0 ? decoderStartToken : labels[t - 1];
      shifted[t] = before == Batch.IGNORED ? padToken : before;
    }
    return shifted;
  }

  private static List<Example> rows(Examples examples, long[] indices) {
    return LongStream.of(indices).mapToObj(examples::get).toList();
  }

  /** Without a mask where nothing is padded. */
  private static Batch batch(List<Example> rows, int padToken, int[][] labels) {
    int[][] ids = pad(rows.stream().map(Example::inputIds), padToken);
    Batch batch = Batch.of(ids).withLabels(labels);
    if (rows.stream().allMatch(row -> row.inputIds().length == ids[0].length)) {
      return batch;
    }
    return batch.withAttentionMask(pad(rows.stream().map(Collator::ones), 0));
  }

  private static int[] ones(Example row) {
    int[] ones = new int[row.inputIds().length];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** Rows as long as the longest, filled up on the right. */
  private static int[][] pad(Stream<int[]> rows, int with) {
    int[][] all = rows.toArray(int[][]::new);
    int longest = Arrays.stream(all).mapToInt(row -> row.length).max().orElse(0);
    for (int b = 0; b < all.length; b++) {
      int length = all[b].length;
      all[b] = Arrays.copyOf(all[b], longest);
      Arrays.fill(all[b], length, longest, with);
    }
    return all;
  }
}
