package io.llmagentos.model.training.data;

import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Which examples a rank gets: a pure function of seed, cursor and rank. In one update {@code ranks} ranks of batches of {@code batchSize} see, together, what one
 * rank with batches of {@code ranks * batchSize} sees. An epoch takes every example once; its last batches may be smaller, or empty on some ranks.
 *
 * @param examples of the data set
 * @param batchSize of one rank
 * @param batchesPerStep that are accumulated for an update
 * @param shuffled whether each epoch has an order of its own, by the seed; else they come as they are
 * @param groups the order where examples of a length stand together; null: they do not
 */
public record BatchSampler(
    long examples,
    int batchSize,
    int batchesPerStep,
    int ranks,
    boolean shuffled,
    long seed,
    @Nullable LengthGroups groups) {

  /** Shuffled in each epoch. */
  public static BatchSampler shuffled(
      long examples, int batchSize, int batchesPerStep, int ranks, long seed) {
    return new BatchSampler(examples, batchSize, batchesPerStep, ranks, true, seed, null);
  }

  /** The same, with examples of about the same length in a batch. For one thread. */
  public static BatchSampler groupedByLength(
      Examples examples, int batchSize, int batchesPerStep, int ranks, long seed) {
    return new BatchSampler(
        examples.size(),
        batchSize,
        batchesPerStep,
        ranks,
        true,
        seed,
        new LengthGroups(examples, (long) batchSize * batchesPerStep * ranks, seed));
  }

  /** In their order, a batch a step: to evaluate. */
  public static BatchSampler sequential(long examples, int batchSize, int ranks) {
    return new BatchSampler(examples, batchSize, 1, ranks, false, 0, null);
  }

  /** Updates in an epoch. */
  public long stepsPerEpoch() {
    return Math.ceilDiv(examples, (long) batchSize * ranks * batchesPerStep);
  }

  /** The indices of the examples of one batch of a step, the batches counted from 0; none: the epoch is over. */
  public long[] batch(Cursor cursor, int batch, int rank) {
    long first = ((cursor.step() * batchesPerStep + batch) * ranks + rank) * (long) batchSize;
    long end = Math.min(first + batchSize, examples);
    if (!shuffled) {
      return LongStream.range(first, end).toArray();
    }
    LengthGroups grouped = groups;
    if (grouped != null) {
      return LongStream.range(first, end)
          .map(place -> grouped.at(cursor.epoch(), place))
          .toArray();
    }
    Permutation order = new Permutation(examples, DataSeeds.mix(seed, cursor.epoch()));
    return LongStream.range(first, end).map(order::at).toArray();
  }
}
