package io.llmagentos.model.training.data;

import java.util.Comparator;
import java.util.stream.LongStream;

/**
 * An epoch's order in which examples of about the same length stand together, as Hugging Face's LengthGroupedSampler has it: the shuffled examples, sorted within
 * groups of some batches, the longest first. For one thread.
 */
final class LengthGroups {
  private static final int MOST_BATCHES = 50;
  private static final int GROUPS_AT_LEAST = 4;

  private final Examples examples;
  private final long seed;
  private final long groupSize;
  private long epoch = -1;
  private long group = -1;
  private long[] order = {};

  /** @param batch examples of an update */
  LengthGroups(Examples examples, long batch, long seed) {
    this.examples = examples;
    this.seed = seed;
    this.groupSize =
        batch * Math.clamp(examples.size() / (batch * GROUPS_AT_LEAST), 1, MOST_BATCHES);
  }

  /** The example at a place of an epoch. */
  long at(long ofEpoch, long place) {
    if (ofEpoch != epoch || place / groupSize != group) {
      epoch = ofEpoch;
      group = place / groupSize;
      Permutation shuffled = new Permutation(examples.size(), DataSeeds.mix(seed, epoch));
      long first = group * groupSize;
      order = LongStream.range(first, Math.min(first + groupSize, examples.size()))
          .map(shuffled::at)
          .boxed()
          .sorted(Comparator.comparingInt(examples::length).reversed())
          .mapToLong(Long::longValue)
          .toArray();
    }
    return order[Math.toIntExact(place % groupSize)];
  }
}
