package io.llmagentos.model.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.model.training.Batch;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class CollatorTest {
  private static final int PAD = 0;
  private static final int MASK = 4;

  /** Examples in memory. */
  private record Rows(List<Example> rows) implements Examples {
    static Rows of(Example... rows) {
      return new Rows(List.of(rows));
    }

    @Override
    public long size() {
      return rows.size();
    }

    @Override
    public Example get(long index) {
      return rows.get((int) index);
    }

    @Override
    public String hash() {
      return rows.toString();
    }

    @Override
    public void close() {}
  }

  private static Example causal(int... ids) {
    return new Example(ids, ids);
  }

  @Test
  void shouldPadToTheLongestOfTheBatch() {
    Rows rows = Rows.of(causal(5, 6, 7), causal(8), causal(9, 9, 9, 9));
    Batch batch = Collator.languageModel(PAD).collate(rows, new long[] {1, 0}, 0);
    assertThat(batch.inputIds()).isDeepEqualTo(new int[][] {{8, PAD, PAD}, {5, 6, 7}});
    assertThat(batch.attentionMask()).isDeepEqualTo(new int[][] {{1, 0, 0}, {1, 1, 1}});
    assertThat(batch.labels()).isDeepEqualTo(new int[][] {{8, -100, -100}, {5, 6, 7}});
    assertThat(batch.decoderInputIds()).isNull();
  }

  @Test
  void shouldHaveNoMaskWhereNothingIsPadded() {
    Rows rows = Rows.of(causal(5, 6), causal(8, 7));
    assertThat(Collator.languageModel(PAD).collate(rows, new long[] {1, 0}, 0).attentionMask())
        .isNull();
  }

  @Test
  void shouldHaveALabelARowForAClassification() {
    Rows rows = Rows.of(
        new Example(new int[] {5, 6}, new int[] {2}), new Example(new int[] {7}, new int[] {0}));
    Batch batch = Collator.classification(PAD).collate(rows, new long[] {0, 1}, 0);
    assertThat(batch.inputIds()).isDeepEqualTo(new int[][] {{5, 6}, {7, PAD}});
    assertThat(batch.labels()).isDeepEqualTo(new int[][] {{2}, {0}});
  }

  @Test
  void shouldShiftTheDecodersInputToTheRight() {
    Rows rows = Rows.of(
        new Example(new int[] {5}, new int[] {6, 7, 1}),
        new Example(new int[] {8, 8}, new int[] {1}));
    Batch batch = Collator.seq2seq(PAD, 3).collate(rows, new long[] {0, 1}, 0);
    assertThat(batch.labels()).isDeepEqualTo(new int[][] {{6, 7, 1}, {1, -100, -100}});
    assertThat(batch.decoderInputIds()).isDeepEqualTo(new int[][] {{3, 6, 7}, {3, 1, PAD}});
  }

  private static int[] labels(Batch batch, int row) {
    return Objects.requireNonNull(batch.labels())[row];
  }

  private static MaskingCollator masking(long seed) {
    BitSet special = new BitSet();
    special.set(PAD, MASK + 1);
    return new MaskingCollator(PAD, MASK, 1000, special, 0.15, seed);
  }

  @Test
  void shouldHideAnExampleAlikeInAnyBatchAndOtherwiseInAnotherEpoch() {
    Example[] all = IntStream.range(0, 20)
        .mapToObj(i -> causal(IntStream.range(5, 30 + i).toArray()))
        .toArray(Example[]::new);
    Rows rows = Rows.of(all);
    Batch together = masking(1).collate(rows, LongStream.range(0, all.length).toArray(), 3);
    for (int i = 0; i < all.length; i++) {
      Batch alone = masking(1).collate(rows, new long[] {i}, 3);
      int length = all[i].inputIds().length;
      assertThat(Arrays.copyOf(together.inputIds()[i], length)).isEqualTo(alone.inputIds()[0]);
      assertThat(Arrays.copyOf(labels(together, i), length)).isEqualTo(labels(alone, 0));
    }
    long[] one = {19};
    int[] hidden = labels(masking(1).collate(rows, one, 3), 0);
    assertThat(labels(masking(1).collate(rows, one, 4), 0)).isNotEqualTo(hidden);
    assertThat(labels(masking(2).collate(rows, one, 3), 0)).isNotEqualTo(hidden);
  }

  @Test
  void shouldHideATokenOfTheShortestExample() {
    Rows rows = Rows.of(causal(2, 500, 3), causal(2, 3));
    for (long epoch = 0; epoch < 50; epoch++) {
      int[] labels = labels(masking(1).collate(rows, new long[] {0}, epoch), 0);
      assertThat(labels).containsExactly(Batch.IGNORED, 500, Batch.IGNORED);
    }
    int[] nothing = labels(masking(1).collate(rows, new long[] {1}, 0), 0);
    assertThat(nothing).as("special tokens alone").containsOnly(Batch.IGNORED);
  }

  @Test
  void shouldHideFifteenPercentEightyTenTen() {
    int length = 200_000;
    int[] ids = IntStream.range(0, length).map(i -> i % 10 == 0 ? 2 : 500).toArray();
    Batch batch = masking(1).collate(Rows.of(causal(ids)), new long[] {0}, 0);
    double chosen = 0;
    double masked = 0;
    double random = 0;
    for (int t = 0; t < length; t++) {
      int label = labels(batch, 0)[t];
      int id = batch.inputIds()[0][t];
      if (label == Batch.IGNORED) {
        assertThat(id).isEqualTo(ids[t]);
        continue;
      }
      assertThat(label).isEqualTo(500); // never the special token
      chosen++;
      masked += id == MASK ? 1 : 0;
      random += id != MASK && id != 500 ? 1 : 0;
    }
    assertThat(chosen / (0.9 * length)).isCloseTo(0.15, within(0.005));
    assertThat(masked / chosen).isCloseTo(0.8, within(0.02));
    assertThat(random / chosen).isCloseTo(0.1, within(0.015));
  }
}
