package io.llmagentos.model.training.data;

import java.util.Comparator;
import java.util.stream.LongStream;

/**
 * An epoch's order in which examples of about the same length stand together: the shuffled examples, sorted within groups of some batches, as Hugging Face's
 * LengthGroupedSampler has it, and the batches of a group in any order, which that has not: one that went from long to short fifty batches long would
 * learn what is long and forget it over what is short, again and again. For one thread.
 */
final class LengthGroups {
  private static final int MOST_BATCHES = 50;
  private static final int GROUPS_AT_LEAST = 4;

  private final Examples examples;
  private final long seed;
  private final long batch;
  private final long groupSize;
  private long epoch = -1;
  private long group = -1;
  private long[] order = {};

  /** @param batch examples of an update */
  LengthGroups(Examples examples, long batch, long seed) {
    this.examples = examples;
    this.seed = seed;
    this.batch = batch;
    this.groupSize =
        batch * Math.clamp(examples.size() / (batch * GROUPS_AT_LEAST), 1, MOST_BATCHES);
  }

  /** The example at a place of an epoch. */
  long at(long ofEpoch, long place) {
    if (ofEpoch != epoch || place / groupSize != group) {
      epoch = ofEpoch;
      group = place / groupSize;
      order = order();
    }
    return order[Math.toIntExact(place % groupSize)];
  }

  private long[] order() {
    long shuffle = DataSeeds.mix(seed, epoch);
    Permutation shuffled = new Permutation(examples.size(), shuffle);
    long first = group * groupSize;
    long[] sorted = LongStream.range(first, Math.min(first + groupSize, examples.size()))
        .map(shuffled::at)
        .boxed()
        .sorted(Comparator.comparingInt(examples::length).reversed())
        .mapToLong(Long::longValue)
        .toArray();
    long whole = sorted.length / batch;
    if (whole == 0) {
      return sorted;
    }
    Permutation batches = new Permutation(whole, DataSeeds.mix(shuffle, group));
    long[] mixed = sorted.clone(); // what is left of the last batch stays the last
    for (int i = 0; i < whole; i++) {
      int from = Math.toIntExact(batches.at(i) * batch);
      System.arraycopy(sorted, from, mixed, Math.toIntExact(i * batch), Math.toIntExact(batch));
    }
    return mixed;
  }
}
