package io.llmagentos.model.engine;

import io.llmagentos.model.engine.Engine.Feed;
import io.llmagentos.model.weights.Checkpoint;
import io.llmagentos.model.weights.Tensor;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Measures the engine on random weights: {@code EngineBenchmark [threads] [bandwidth|kernels|matmul|f32|bf16|small ...]}. Every figure is the best and the median of
 * its rounds, since other work disturbs them only for the worse; memory traffic is the bytes of weights read per step over the time.
 */
final class EngineBenchmark {
  private static final PrintStream OUT = System.out;
  private static final int ROUNDS = 7;
  /** Counts the time this thread ran instead of the time that passed: of use with one thread on a busy machine. */
  private static final boolean CPU_TIME = Boolean.getBoolean("cpu.time");

  private EngineBenchmark() {}

  public static void main(String[] arguments) {
    int threads = arguments.length == 0 ? 2 : Integer.parseInt(arguments[0]);
    List<String> what = arguments.length < 2
        ? List.of("bandwidth", "f32", "bf16", "small")
        : List.of(arguments).subList(1, arguments.length);
    OUT.printf("%d threads, vectors of %d floats%n", threads, Lanes.LENGTH);
    for (String each : what) {
      switch (each) {
        case "bandwidth" -> bandwidth(threads);
        case "kernels" -> kernels();
        case "matmul" -> matmul(threads);
        case "f32" -> gpt2(threads, WeightStorage.F32);
        case "bf16" -> gpt2(threads, WeightStorage.BF16);
        case "small" -> small();
        default -> throw new IllegalArgumentException(each);
      }
    }
  }

  /** One row times a matrix far larger than the caches, without anything around it. */
  private static void bandwidth(int threads) {
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(threads, arena)) {
      int inputs = 4096;
      int outputs = 65536;
      long bytes = 4L * inputs * outputs;
      MemorySegment memory = arena.allocate(bytes, 64);
      float[][] sums = new float[outputs / Lanes.PANEL][Lanes.PANEL];
      float[] x = new float[inputs];
      Times times = new Times(
          3 * ROUNDS,
          () -> workers.run(
              sums.length,
              (panel, scratch) -> PanelKernels.f32x1(
                  memory,
                  (long) panel * inputs * PanelKernels.F32_STEP,
                  x,
                  0,
                  inputs,
                  sums[panel],
                  0)));
      OUT.printf(
          "reading 1 GiB of weights: %.1f GB/s best, %.1f median%n",
          bytes / times.best / 1e9, bytes / times.median / 1e9);
    }
  }

  /** Four rows times panels that stay in the second-level cache, one thread. */
  private static void kernels() {
    try (Arena arena = Arena.ofConfined()) {
      int inputs = 768;
      int visits = 20_000;
      MemorySegment memory = arena.allocate(inputs * PanelKernels.F32_STEP, 64);
      float[] x = new float[8 * inputs];
      float[] y = new float[8 * Lanes.PANEL];
      double flops = 2.0 * visits * inputs * Lanes.PANEL;
      print("f32x1", flops, () -> PanelKernels.f32x1(memory, 0, x, 0, inputs, y, 0), visits);
      print("bf16x1", flops, () -> PanelKernels.bf16x1(memory, 0, x, 0, inputs, y, 0), visits);
      print(
          "f32x4",
          4 * flops,
          () -> PanelKernels.f32x4(memory, 0, x, 0, inputs, inputs, y, 0, Lanes.PANEL),
          visits);
    }
  }

  private static void print(String name, double flops, Runnable kernel, int visits) {
    Times times = new Times(2 * ROUNDS, () -> {
      for (int i = 0; i < visits; i++) {
        kernel.run();
      }
    });
    OUT.printf(
        "%s: %.1f GFLOP/s best, %.1f median%n",
        name, flops / times.best / 1e9, flops / times.median / 1e9);
  }

  /** Rows times twelve matrices of each of GPT-2's shapes, larger together than the caches. */
  private static void matmul(int threads) {
    int[][] shapes = {{768, 2304}, {768, 768}, {768, 3072}, {3072, 768}};
    for (WeightStorage storage : List.of(WeightStorage.F32, WeightStorage.BF16)) {
      for (int[] shape : shapes) {
        matmul(threads, storage, shape[0], shape[1]);
      }
    }
  }

  private static void matmul(int threads, WeightStorage storage, int inputs, int outputs) {
    Tensor weights = Tensor.of("w", new float[inputs * outputs], outputs, inputs);
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(threads, arena)) {
      List<Matrix> layers = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        layers.add(Matrix.ofRows(arena, storage, null, weights));
      }
      int stride = Lanes.padded(outputs);
      int xStride = Lanes.padded(inputs);
      float[] x = new float[128 * xStride];
      float[] y = new float[128 * stride];
      for (int rows : new int[] {1, 8, 32, 128}) {
        Times times = new Times(
            2 * ROUNDS,
            () -> layers.forEach(matrix -> matrix.multiply(workers, x, xStride, rows, y, stride)));
        OUT.printf(
            "%s %d to %d, 12 times, x %-3d %6.2f ms, %5.1f GB/s, %6.1f GFLOP/s%n",
            storage,
            inputs,
            outputs,
            rows,
            times.best * 1e3,
            12 * layers.getFirst().byteSize() / times.best / 1e9,
            2e-9 * 12 * rows * inputs * outputs / times.best);
      }
    }
  }

  private static void gpt2(int threads, WeightStorage storage) {
    CpuEngineSettings settings = new CpuEngineSettings(threads, 16, 640, 128, storage);
    CpuEngine engine;
    try (Checkpoint checkpoint =
        RandomModels.create(RandomModels.gpt2(50257, 768, 12, 12, 1024), 1)) {
      engine = new CpuEngine(checkpoint, settings);
    }
    try (engine) {
      long bytes = engine.weightBytes();
      OUT.printf("GPT-2 124M %s, %d MB read per step%n", storage, bytes / 1_000_000);
      for (int batch : new int[] {1, 8, 32}) {
        int steps = batch == 1 ? 32 : 8;
        Times times = decode(engine, batch, 64, steps);
        OUT.printf(
            "  decode B=%-3d %7.1f tok/s best %7.1f median, %5.1f GB/s, %6.1f GFLOP/s%n",
            batch,
            batch * steps / times.best,
            batch * steps / times.median,
            bytes * steps / times.best / 1e9,
            2 * 123.6e6 * batch * steps / times.best / 1e9);
      }
      Times times = prefill(engine, 128);
      OUT.printf(
          "  prefill 128  %7.1f tok/s best %7.1f median, %6.1f GFLOP/s%n",
          128 / times.best, 128 / times.median, 2 * 85e6 * 128 / times.best / 1e9);
    }
  }

  private static void small() {
    int[][] shapes = {
      {4096, 192, 512, 4, 6, 2}, {4096, 256, 704, 6, 8, 4}, {4096, 320, 864, 6, 10, 5}
    };
    for (WeightStorage storage : List.of(WeightStorage.F32, WeightStorage.BF16)) {
      for (int[] s : shapes) {
        CpuEngine engine;
        try (Checkpoint checkpoint =
            RandomModels.create(RandomModels.llama(s[0], s[1], s[2], s[3], s[4], s[5], 512), 1)) {
          engine = new CpuEngine(checkpoint, new CpuEngineSettings(1, 16, 64, 64, storage));
        }
        try (engine) {
          engine.warmUp();
          int[] prompt = tokens(15);
          float[][] logits = new float[1][engine.vocabularySize()];
          Times times = new Times(400, () -> {
            int sequence = engine.open(27);
            engine.forward(List.of(new Feed(sequence, prompt)), logits);
            for (int i = 0; i < 12; i++) {
              engine.forward(List.of(new Feed(sequence, new int[] {i})), logits);
            }
            engine.close(sequence);
          });
          OUT.printf(
              "Llama %d x %d %s, %.1f MB: 15 tokens in, 12 out: %.2f ms best, %.2f median, first %.0f (1 thread)%n",
              s[3],
              s[1],
              storage,
              engine.weightBytes() / 1e6,
              times.best * 1e3,
              times.median * 1e3,
              times.first * 1e3);
        }
      }
    }
  }

  private static Times decode(CpuEngine engine, int batch, int prompt, int steps) {
    float[][] logits = new float[batch][engine.vocabularySize()];
    List<Feed> feeds = new ArrayList<>();
    for (int b = 0; b < batch; b++) {
      feeds.add(new Feed(engine.open(prompt + (ROUNDS + 1) * steps), tokens(prompt)));
    }
    engine.forward(feeds, logits);
    List<Feed> next =
        feeds.stream().map(feed -> new Feed(feed.sequence(), new int[] {1})).toList();
    Times times = new Times(ROUNDS, () -> {
      for (int i = 0; i < steps; i++) {
        engine.forward(next, logits);
      }
    });
    feeds.forEach(feed -> engine.close(feed.sequence()));
    return times;
  }

  private static Times prefill(CpuEngine engine, int length) {
    float[][] logits = new float[1][engine.vocabularySize()];
    return new Times(2 * ROUNDS, () -> {
      int sequence = engine.open(length);
      engine.forward(List.of(new Feed(sequence, tokens(length))), logits);
      engine.close(sequence);
    });
  }

  private static int[] tokens(int count) {
    return new SplittableRandom(1).ints(count, 0, 4000).toArray();
  }

  /** Seconds of each round after a first one that warms up. */
  private static final class Times {
    final double first;
    final double best;
    final double median;

    Times(int rounds, Runnable round) {
      double[] seconds = new double[rounds];
      first = time(round);
      for (int i = 0; i < rounds; i++) {
        seconds[i] = time(round);
      }
      Arrays.sort(seconds);
      best = seconds[0];
      median = seconds[rounds / 2];
    }

    private static double time(Runnable round) {
      long start = now();
      round.run();
      return (now() - start) * 1e-9;
    }

    private static long now() {
      return CPU_TIME
          ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime()
          : System.nanoTime();
    }
  }
}
