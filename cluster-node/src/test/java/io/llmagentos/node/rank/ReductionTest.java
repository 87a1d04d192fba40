package io.llmagentos.node.rank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReductionTest {
  private static final int RANKS = 5;
  private static final int WIDTH = 3000;

  private static float[] gradient(int rank) {
    Random random = new Random(rank);
    float[] gradient = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      // Of many sizes, so that another order of adding would be seen.
      gradient[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-15, 16)));
    }
    return gradient;
  }

  @Test
  void shouldAddInTheOrderOfTheRanksHoweverTheyCome() {
    float[] expected = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      double sum = 0;
      for (int rank = 0; rank < RANKS; rank++) {
        sum += (rank + 0.5) * gradient(rank)[i];
      }
      expected[i] = (float) (sum / (RANKS * RANKS / 2.0));
    }
    for (int seed = 0; seed < 10; seed++) {
      List<Integer> order = new ArrayList<>(IntStream.range(0, RANKS).boxed().toList());
      Collections.shuffle(order, new Random(seed));
      Reduction reduction = new Reduction(RANKS);
      float[] own = gradient(2);
      for (int rank : order) {
        assertThat(reduction.complete()).isFalse();
        reduction.give(rank, rank + 0.5, FloatBuffer.wrap(rank == 2 ? own : gradient(rank)));
      }
      assertThat(reduction.complete()).isTrue();
      reduction.mean(own);
      assertThat(own).as("order " + order).isEqualTo(expected);
    }
  }

  @Test
  void shouldWaitForAShareOnceAndAgainWhenItIsLost() {
    Reduction reduction = new Reduction(3);
    assertThat(reduction.awaits(1)).isTrue();
    assertThat(reduction.awaits(1)).as("it is coming").isFalse();
    assertThat(reduction.missing()).containsExactly(0, 2);
    reduction.lost(1);
    assertThat(reduction.missing()).containsExactly(0, 1, 2);
    assertThat(reduction.awaits(1)).isTrue();
    reduction.give(1, 1, FloatBuffer.allocate(2));
    assertThat(reduction.awaits(1)).as("it is there").isFalse();
  }

  @Test
  void shouldRefuseGradientsOfDifferentModels() {
    Reduction reduction = new Reduction(1);
    reduction.give(0, 1, FloatBuffer.allocate(2));
    assertThatThrownBy(() -> reduction.mean(new float[3])).hasMessageContaining("3 and 2 numbers");
  }
}
