package io.llmagentos.model.training.trainer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Ranks that are threads of this process; they average as the cluster's do: in the order of the ranks, in double precision. */
final class SimulatedRanks {
  private static final int LIMIT_SECONDS = 120;

  /** What the ranks gave at the same time of asking. */
  private static final class Round {
    final float[][] given;
    final List<CompletableFuture<float[]>> results = new ArrayList<>();

    Round(int size) {
      given = new float[size][];
    }
  }

  private final int size;
  private final Map<Long, Round> rounds = new HashMap<>();

  private SimulatedRanks(int size) {
    this.size = size;
  }

  /** Runs the same on every rank; what they return, in their order. */
  static <T> List<T> run(int size, Function<Ranks, T> rank) throws Exception {
    SimulatedRanks ranks = new SimulatedRanks(size);
    try (ExecutorService threads = Executors.newFixedThreadPool(size)) {
      List<Future<T>> running = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        int index = i;
        running.add(threads.submit(() -> rank.apply(size == 1 ? Ranks.ALONE : ranks.of(index))));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> one : running) {
        results.add(one.get());
      }
      return results;
    }
  }

  private synchronized CompletableFuture<float[]> give(long round, int rank, float[] vector) {
    Round all = rounds.computeIfAbsent(round, first -> new Round(size));
    all.given[rank] = vector;
    CompletableFuture<float[]> result = new CompletableFuture<>();
    all.results.add(result);
    if (all.results.size() == size) {
      rounds.remove(round);
      float[] mean = mean(all.given);
      for (int i = 0; i < size; i++) {
        System.arraycopy(mean, 0, all.given[i], 0, mean.length);
      }
      all.results.forEach(each -> each.complete(mean));
    }
    return result.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  private static float[] mean(float[][] given) {
    double[] sum = new double[given[0].length];
    for (float[] vector : given) {
      Arrays.setAll(sum, i -> sum[i] + vector[i]);
    }
    float[] mean = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      mean[i] = (float) (sum[i] / given.length);
    }
    return mean;
  }

  private Ranks of(int rank) {
    return new Ranks() {
      private long round;

      @Override
      public int rank() {
        return rank;
      }

      @Override
      public int size() {
        return size;
      }

      @Override
      public CompletableFuture<float[]> mean(float[] vector) {
        return give(round++, rank, vector);
      }
    };
  }
}
