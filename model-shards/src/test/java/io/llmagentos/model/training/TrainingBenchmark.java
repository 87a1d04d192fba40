package io.llmagentos.model.training;

import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.training.OptimizerStep.AdamW;
import io.llmagentos.model.weights.Activation;
import io.llmagentos.model.weights.Dropout;
import io.llmagentos.model.weights.Gpt2Config;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Measures training steps: {@code TrainingBenchmark [threads] [rounds] [small|large|cut|long ...]}; {@code cut} compares passes that are cut into buckets, which are
 * copied out and in as for other ranks, with whole ones. Rounds of all settings are interleaved; a figure is the median
 * and the best of its rounds. With {@code -Dcpu.time=true} the time is that which the threads ran: of use with one thread on a busy machine.
 */
final class TrainingBenchmark {
  private static final PrintStream OUT = System.out;
  private static final boolean CPU_TIME = Boolean.getBoolean("cpu.time");
  private static final int STEPS = Integer.getInteger("steps", 3);

  private TrainingBenchmark() {}

  private record Shape(String name, int layers, int width, int heads, int context, int batch) {}

  private static final Shape SMALL = new Shape("4x256, context 128, batch 16", 4, 256, 4, 128, 16);
  private static final Shape LARGE = new Shape("6x384, context 256, batch 8", 6, 384, 6, 256, 8);

  public static void main(String[] arguments) throws IOException {
    int threads = arguments.length == 0 ? 2 : Integer.parseInt(arguments[0]);
    int rounds = arguments.length < 2 ? 3 : Integer.parseInt(arguments[1]);
    List<String> what = arguments.length < 3
        ? List.of("small", "large")
        : Arrays.asList(arguments).subList(2, arguments.length);
    PyTorch.threads(threads);
    OUT.printf("%d threads, %s%n", threads, CPU_TIME ? "time on the processor" : "time passed");
    for (String each : what) {
      switch (each) {
        case "small" -> compare(rounds, SMALL);
        case "large" -> compare(rounds, LARGE);
        case "cut" -> {
          cut(rounds, SMALL);
          cut(rounds, LARGE);
        }
        case "long" -> steps(10_000);
        default -> throw new IllegalArgumentException(each);
      }
    }
  }

  private static Gpt2Config config(Shape shape, double dropout) {
    return new Gpt2Config(
        8192,
        shape.context,
        shape.width,
        shape.layers,
        shape.heads,
        4 * shape.width,
        1e-5f,
        true,
        false,
        true,
        Activation.GELU_NEW,
        new Dropout(dropout, dropout, dropout, 0),
        0.02);
  }

  private static Batch batch(Shape shape) {
    var random = new SplittableRandom(1);
    int[][] ids = new int[shape.batch][shape.context];
    for (int[] row : ids) {
      Arrays.setAll(row, t -> random.nextInt(8192));
    }
    return Batch.of(ids).withLabels(ids);
  }

  private static final class Run {
    private final String name;
    private final Transformer model;
    private final Batch batch;
    private final List<Double> seconds = new ArrayList<>();
    private final @Nullable GradientBuckets buckets;

    Run(String name, Shape shape, EngineSettings settings) {
      this(name, shape, settings, 0);
    }

    /** @param numbers of a bucket; 0: whole */
    Run(String name, Shape shape, EngineSettings settings, long numbers) {
      this.name = name;
      model = Transformer.initial(config(shape, 0), settings, 1);
      batch = batch(shape);
      buckets = numbers == 0 ? null : model.buckets(numbers);
    }

    void round() {
      double started = now();
      for (int i = 0; i < STEPS; i++) {
        Loss loss = buckets == null ? model.accumulate(batch, i) : accumulate(buckets, i);
        model.step(1.0 / loss.targets(), AdamW.of(1e-4));
      }
      seconds.add((now() - started) / STEPS);
    }

    private Loss accumulate(GradientBuckets cut, long seed) {
      List<float[]> vectors = new ArrayList<>();
      Loss loss = cut.accumulate(batch, seed, 0, bucket -> {
        float[] vector = new float[cut.width(bucket)];
        cut.read(bucket, vector);
        vectors.add(vector);
      });
      for (int bucket = 0; bucket < cut.size(); bucket++) {
        cut.write(bucket, vectors.get(bucket));
      }
      return loss;
    }
  }

  private static void cut(int rounds, Shape shape) {
    var settings = new EngineSettings(Precision.FLOAT32, Kernels.ONEDNN, true);
    List<Run> runs = new ArrayList<>();
    runs.add(new Run("float32, onednn, whole", shape, settings));
    for (int mebibytes : new int[] {1, 4, 25}) {
      String name = "float32, onednn, buckets of %d MiB".formatted(mebibytes);
      runs.add(new Run(name, shape, settings, mebibytes * (1L << 20) / Float.BYTES));
    }
    compare(rounds, shape, runs);
  }

  private static double now() {
    return (CPU_TIME
            ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime()
            : System.nanoTime())
        / 1e9;
  }

  private static void compare(int rounds, Shape shape) {
    List<Run> runs = new ArrayList<>();
    for (Kernels kernels : Kernels.values()) {
      for (boolean fused : new boolean[] {true, false}) {
        String name = "float32, " + kernels + (fused ? ", fused attention" : "");
        runs.add(new Run(name, shape, new EngineSettings(Precision.FLOAT32, kernels, fused)));
      }
    }
    for (boolean fused : new boolean[] {true, false}) {
      String name = "bfloat16" + (fused ? ", fused attention" : "");
      runs.add(new Run(name, shape, new EngineSettings(Precision.BFLOAT16, Kernels.MKL, fused)));
    }
    compare(rounds, shape, runs);
  }

  private static void compare(int rounds, Shape shape, List<Run> runs) {
    for (int round = 0; round <= rounds; round++) {
      for (Run run : runs) {
        run.round();
      }
    }
    for (Run run : runs) {
      List<Double> measured =
          run.seconds.subList(1, run.seconds.size()).stream().sorted().toList();
      double tokens = shape.batch * shape.context;
      OUT.printf(
          "%s, %s: %.0f tokens/s median, %.0f best%n",
          shape.name,
          run.name,
          tokens / measured.get(measured.size() / 2),
          tokens / measured.getFirst());
      run.model.close();
    }
  }

  /** That native memory stays as it is. */
  private static void steps(int steps) throws IOException {
    Shape shape = new Shape("2x64", 2, 64, 2, 32, 4);
    try (Transformer model = Transformer.initial(config(shape, 0.1), EngineSettings.FLOAT32, 1)) {
      Batch batch = batch(shape);
      for (int i = 0; i <= steps; i++) {
        Loss loss = model.accumulate(batch, i);
        model.step(1.0 / loss.targets(), AdamW.of(1e-4));
        if (i % (steps / 10) == 0) {
          String pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[1];
          OUT.printf(
              "%d steps: %d MiB resident, %d arrays%n",
              i, Long.parseLong(pages) / 256, model.nativeArrays());
        }
      }
    }
  }
}
