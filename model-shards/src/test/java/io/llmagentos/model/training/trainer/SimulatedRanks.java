package io.llmagentos.model.training.trainer;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Ranks that are threads of this process; they average as the cluster's do: in the order of the ranks, in double precision. */
final class SimulatedRanks {
  private static final int LIMIT_SECONDS = 120;

  private final float[][] given;
  private final CyclicBarrier all;
  private float[] mean = {};

  private SimulatedRanks(int size) {
    this.given = new float[size][];
    this.all = new CyclicBarrier(size, this::average);
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

  private void average() {
    double[] sum = new double[given[0].length];
    for (float[] vector : given) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += vector[i];
      }
    }
    mean = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      mean[i] = (float) (sum[i] / given.length);
    }
  }

  private Ranks of(int rank) {
    return new Ranks() {
      @Override
      public int rank() {
        return rank;
      }

      @Override
      public int size() {
        return given.length;
      }

      @Override
      public float[] mean(float[] vector) {
        try {
          given[rank] = vector.clone();
          all.await(LIMIT_SECONDS, TimeUnit.SECONDS);
          return mean.clone();
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
          throw new IllegalStateException(e);
        }
      }
    };
  }
}
