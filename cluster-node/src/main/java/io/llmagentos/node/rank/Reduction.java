package io.llmagentos.node.rank;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One round where it is reduced: what the ranks gave, in whatever order it came, and their mean, which is always added in the order of the ranks. */
final class Reduction {
  /** Numbers at a time: their sums stay in the first cache. */
  private static final int BLOCK = 1024;

  private record Share(double weight, FloatBuffer numbers) {}

  private final int size;
  private final Map<Integer, Share> shares = new TreeMap<>();
  private final BitSet coming = new BitSet();

  /** @param size how many ranks there are */
  Reduction(int size) {
    this.size = size;
  }

  /** Whether a rank's share is wanted: neither there nor coming. It is coming then. */
  boolean awaits(int rank) {
    boolean awaits = !coming.get(rank);
    coming.set(rank);
    return awaits;
  }

  /** It did not come. */
  void lost(int rank) {
    coming.clear(rank);
  }

  /** @param numbers are read by {@link #mean} */
  void give(int rank, double weight, FloatBuffer numbers) {
    coming.set(rank);
    shares.put(rank, new Share(weight, numbers));
  }

  boolean complete() {
    return shares.size() == size;
  }

  /** Ranks of which nothing is there or coming. */
  List<Integer> missing() {
    List<Integer> missing = new ArrayList<>();
    for (int rank = coming.nextClearBit(0); rank < size; rank = coming.nextClearBit(rank + 1)) {
      missing.add(rank);
    }
    return missing;
  }

  /** The weighted mean, in double precision. {@code into} may be what a rank gave. */
  void mean(float[] into) {
    double weights = 0;
    for (Share share : shares.values()) {
      if (share.numbers().capacity() != into.length) {
        throw new IllegalArgumentException("ranks gave gradients of " + into.length + " and "
            + share.numbers().capacity() + " numbers");
      }
      weights += share.weight();
    }
    float[] block = new float[BLOCK];
    double[] sum = new double[BLOCK];
    for (int from = 0; from < into.length; from += BLOCK) {
      int length = Math.min(BLOCK, into.length - from);
      Arrays.fill(sum, 0);
      for (Share share : shares.values()) {
        share.numbers().get(from, block, 0, length);
        add(sum, block, share.weight(), length);
      }
      for (int i = 0; i < length; i++) {
        into[from + i] = (float) (sum[i] / weights);
      }
    }
  }

  private static void add(double[] sum, float[] numbers, double weight, int length) {
    for (int i = 0; i < length; i++) {
      sum[i] += weight * numbers[i];
    }
  }
}
