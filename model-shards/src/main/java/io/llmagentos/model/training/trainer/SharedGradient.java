package io.llmagentos.model.training.trainer;

import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.GradientBuckets;
import io.llmagentos.model.training.Loss;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A gradient as the mean of all ranks': each bucket is under way as soon as it is complete, while the rest is computed. The model's gradient is replaced when all are
 * there. A few numbers travel behind the last bucket.
 */
final class SharedGradient {
  private final GradientBuckets buckets;
  private final Ranks ranks;
  private final int extras;
  private final List<float[]> vectors = new ArrayList<>();
  private final List<CompletableFuture<float[]>> underWay = new ArrayList<>();

  /** @param extras how many numbers travel along */
  SharedGradient(GradientBuckets buckets, Ranks ranks, int extras) {
    this.buckets = buckets;
    this.ranks = ranks;
    this.extras = extras;
    for (int i = 0; i < buckets.size(); i++) {
      vectors.add(new float[buckets.width(i) + (i == last() ? extras : 0)]);
    }
  }

  private int last() {
    return buckets.size() - 1;
  }

  /** Adds the gradient of the step's last batch. */
  Loss accumulate(Batch batch, long seed, double labelSmoothing) {
    return buckets.accumulate(batch, seed, labelSmoothing, bucket -> {
      if (bucket < last()) {
        begin(bucket);
      }
    });
  }

  private void begin(int bucket) {
    float[] vector = vectors.get(bucket);
    buckets.read(bucket, vector);
    underWay.add(ranks.mean(vector));
  }

  /** Waits for the means of all buckets. Returns those of the numbers that travel along. */
  float[] mean(float... along) {
    float[] end = vectors.getLast();
    System.arraycopy(along, 0, end, end.length - extras, extras);
    while (underWay.size() < buckets.size()) {
      begin(underWay.size());
    }
    for (int i = 0; i < buckets.size(); i++) {
      buckets.write(i, underWay.get(i).join());
    }
    underWay.clear();
    return Arrays.copyOfRange(end, end.length - extras, end.length);
  }
}
