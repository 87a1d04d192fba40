package io.llmagentos.model.training.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchSamplerTest {
  private static List<Long> order(long size, long seed) {
    Permutation permutation = new Permutation(size, seed);
    return LongStream.range(0, size).map(permutation::at).boxed().toList();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 16, 17, 100, 1000, 4097})
  void shouldHaveEveryNumberOnce(long size) {
    assertThat(order(size, 7))
        .hasSize((int) size)
        .containsOnlyOnceElementsOf(LongStream.range(0, size).boxed().toList());
  }

  @Test
  void shouldBeAnOrderOfItsOwnForEachSeed() {
    assertThat(order(100, 1)).isEqualTo(order(100, 1)).isNotEqualTo(order(100, 2));
    Set<List<Long>> orders = new HashSet<>();
    for (long seed = 0; seed < 3000; seed++) {
      orders.add(order(5, seed));
    }
    assertThat(orders).hasSize(120); // all there are
  }

  @Test
  void shouldPutEveryNumberEverywhereEquallyOften() {
    int size = 50;
    int trials = 20_000;
    int[][] counts = new int[size][size];
    for (long seed = 0; seed < trials; seed++) {
      Permutation permutation = new Permutation(size, seed);
      for (int i = 0; i < size; i++) {
        counts[i][(int) permutation.at(i)]++;
      }
    }
    double expected = (double) trials / size;
    double chiSquare = 0;
    for (int[] row : counts) {
      for (int count : row) {
        chiSquare += (count - expected) * (count - expected) / expected;
      }
    }
    // 49 * 49 degrees of freedom: 2401 +- 69.
    assertThat(chiSquare).isBetween(2401 - 5 * 69.0, 2401 + 5 * 69.0);
  }

  @Test
  void shouldReachFarBeyondMemory() {
    Permutation permutation = new Permutation(1L << 41, 3);
    long[] some = LongStream.range(0, 1000).map(permutation::at).distinct().toArray();
    assertThat(some).hasSize(1000);
    assertThat(LongStream.of(some).max().orElseThrow()).isGreaterThan(1L << 40);
  }

  /** What all ranks see in one update. */
  private static Set<Long> step(BatchSampler sampler, Cursor cursor) {
    Set<Long> seen = new HashSet<>();
    for (int batch = 0; batch < sampler.batchesPerStep(); batch++) {
      for (int rank = 0; rank < sampler.ranks(); rank++) {
        for (long index : sampler.batch(cursor, batch, rank)) {
          assertThat(seen.add(index)).isTrue();
        }
      }
    }
    return seen;
  }

  @Test
  void shouldGiveRanksTogetherWhatOneRankOfTheirSizeGets() {
    for (long examples : new long[] {1, 11, 24, 100, 101}) {
      BatchSampler one = BatchSampler.shuffled(examples, 12, 2, 1, 5);
      BatchSampler four = BatchSampler.shuffled(examples, 3, 2, 4, 5);
      BatchSampler accumulated = BatchSampler.shuffled(examples, 3, 4, 2, 5);
      assertThat(four.stepsPerEpoch()).isEqualTo(one.stepsPerEpoch());
      Set<Long> all = new HashSet<>();
      for (long step = 0; step < one.stepsPerEpoch(); step++) {
        Set<Long> seen = step(one, new Cursor(3, step));
        assertThat(step(four, new Cursor(3, step))).isEqualTo(seen);
        assertThat(step(accumulated, new Cursor(3, step))).isEqualTo(seen);
        assertThat(seen).isNotEmpty();
        all.addAll(seen);
      }
      assertThat(all).hasSize((int) examples);
    }
  }

  /** Examples of these lengths. */
  private record Lengths(int... lengths) implements Examples {
    @Override
    public long size() {
      return lengths.length;
    }

    @Override
    public Example get(long index) {
      return new Example(new int[lengths[(int) index]], new int[0]);
    }

    @Override
    public String hash() {
      return "";
    }

    @Override
    public void close() {}
  }

  @Test
  void shouldPutExamplesOfALengthTogether() {
    Lengths examples =
        new Lengths(new java.util.SplittableRandom(3).ints(403, 1, 90).toArray());
    BatchSampler one = BatchSampler.groupedByLength(examples, 8, 1, 1, 5);
    BatchSampler two = BatchSampler.groupedByLength(examples, 4, 1, 2, 5);
    Set<Long> all = new HashSet<>();
    long padded = 0;
    int before = 0;
    int longer = 0;
    for (long step = 0; step < one.stepsPerEpoch(); step++) {
      long[] batch = one.batch(new Cursor(1, step), 0, 0);
      int longest =
          (int) LongStream.of(batch).map(i -> examples.length(i)).max().orElseThrow();
      padded += LongStream.of(batch).map(i -> longest - examples.length(i)).sum();
      longer += longest > before ? 1 : 0;
      before = longest;
      assertThat(step(two, new Cursor(1, step))).isEqualTo(step(one, new Cursor(1, step)));
      all.addAll(step(one, new Cursor(1, step)));
    }
    assertThat(all).hasSize(403);
    assertThat(padded).isLessThan(403 * 6); // in any order it is 40 for each
    assertThat(longer).as("batches do not go from long to short").isBetween(17, 33);
    assertThat(one.batch(new Cursor(2, 0), 0, 0)).isNotEqualTo(one.batch(new Cursor(1, 0), 0, 0));
    assertThat(BatchSampler.groupedByLength(examples, 8, 1, 1, 5).batch(new Cursor(1, 7), 0, 0))
        .isEqualTo(one.batch(new Cursor(1, 7), 0, 0));
  }

  @Test
  void shouldNeedTheCursorAlone() {
    BatchSampler sampler = BatchSampler.shuffled(10, 4, 1, 1, 5);
    List<long[]> batches = new ArrayList<>();
    for (long update = 0; update < 6; update++) {
      batches.add(sampler.batch(Cursor.after(update, sampler.stepsPerEpoch()), 0, 0));
    }
    assertThat(Cursor.after(5, 3)).isEqualTo(new Cursor(1, 2));
    assertThat(batches.get(5)).hasSize(2).isEqualTo(sampler.batch(new Cursor(1, 2), 0, 0));
    assertThat(batches.get(0)).isNotEqualTo(batches.get(3)); // another epoch, another order
  }

  @Test
  void shouldEvaluateInOrder() {
    BatchSampler sampler = BatchSampler.sequential(7, 2, 2);
    assertThat(sampler.stepsPerEpoch()).isEqualTo(2);
    assertThat(sampler.batch(new Cursor(0, 0), 0, 1)).containsExactly(2, 3);
    assertThat(sampler.batch(new Cursor(0, 1), 0, 1)).containsExactly(6);
    assertThat(BatchSampler.sequential(5, 2, 2).batch(new Cursor(0, 1), 0, 1)).isEmpty();
  }
}
