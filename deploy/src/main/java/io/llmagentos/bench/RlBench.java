package io.llmagentos.bench;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmagentos.rl.algorithm.Algorithm;
import io.llmagentos.rl.algorithm.AlgorithmConfig;
import io.llmagentos.rl.algorithm.Experiment;
import io.llmagentos.rl.env.AutoresetMode;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.env.VectorStep;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.rollout.Sampler;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Trains the examples, seed by seed in one thread, and says what they cost; then how fast sampling is, and where the rest of the bare loop goes. */
@Command(
    name = "rl",
    mixinStandardHelpOptions = true,
    description = "Steps, returns and CPU-seconds of the examples; sampling rates.")
final class RlBench implements Callable<Integer> {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final String RETURN = "env_runners/episode_return_mean";
  private static final String STEPS = "num_env_steps_sampled_lifetime";
  private static final int SAMPLED = 4_000_000;

  @Parameters(
      arity = "0..*",
      paramLabel = "FILE",
      description = "Jobs of reinforcement learning; without any, all in deploy/examples.")
  private List<Path> files = List.of();

  @Option(names = "--seeds", description = "Seeds 0 to N-1 (default: ${DEFAULT-VALUE}).")
  private int seeds = 3;

  @Override
  public Integer call() throws IOException {
    EnvRegistry environments = EnvRegistry.load();
    System.out.println("example | seeds | steps, median | last mean return, median [all] | greedy"
        + " return, median [all] | CPU-s of the learning thread, median");
    for (Path file : files.isEmpty() ? examples() : files) {
      train(file, environments);
    }
    sampling(environments);
    return 0;
  }

  private static List<Path> examples() throws IOException {
    try (Stream<Path> found = Files.list(Path.of("deploy", "examples"))) {
      return found.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  private void train(Path file, EnvRegistry environments) throws IOException {
    double[] steps = new double[seeds];
    double[] returns = new double[seeds];
    double[] greedy = new double[seeds];
    double[] cpu = new double[seeds];
    for (int seed = 0; seed < seeds; seed++) {
      Map<String, Object> map = new ObjectMapper(new YAMLFactory())
          .readValue(file.toFile(), new TypeReference<Map<String, Object>>() {});
      map.put("seed", seed);
      Experiment experiment = Experiment.of(map);
      long began = THREADS.getCurrentThreadCpuTime();
      try (Algorithm algorithm = experiment.config().build(environments, System::nanoTime)) {
        Map<String, Number> result = algorithm.train();
        while (!experiment.stop().reached(result)) {
          result = algorithm.train();
        }
        cpu[seed] = (THREADS.getCurrentThreadCpuTime() - began) / 1e9;
        steps[seed] = result.getOrDefault(STEPS, 0).doubleValue();
        returns[seed] = result.getOrDefault(RETURN, Double.NaN).doubleValue();
        greedy[seed] = algorithm.evaluate().getOrDefault(RETURN, Double.NaN).doubleValue();
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%s | %d | %,.0f | %.1f %s | %.1f %s | %.2f%n",
        file.getFileName(),
        seeds,
        median(steps),
        median(returns),
        rounded(returns),
        median(greedy),
        rounded(greedy),
        median(cpu));
  }

  /** CartPole: the environments alone, then with a 64-64 policy in the runner's sampler. */
  private static void sampling(EnvRegistry environments) {
    int n = 64;
    for (int round = 0; round < 3; round++) {
      double bare = bare(environments, n);
      AlgorithmConfig<?> config = AlgorithmConfig.of("ppo")
          .with(Map.of("env", "CartPole-v1", "num_envs_per_env_runner", n));
      try (Sampler sampler = config.newSampler(environments, n, 0)) {
        sampler.load(config.newLearner(environments, 0).parameters());
        long began = THREADS.getCurrentThreadCpuTime();
        for (int done = 0; done < SAMPLED; done += n * 128) {
          sampler.sample(128, Sampler.Behaviour.EXPLORE);
        }
        double seconds = (THREADS.getCurrentThreadCpuTime() - began) / 1e9;
        System.out.printf(
            Locale.ROOT,
            "CartPole-v1, %d environments, round %d: environments alone %.1f M steps/s a core, sampled with a 64-64 policy %.2f M%n",
            n,
            round,
            bare / 1e6,
            SAMPLED / seconds / 1e6);
      }
    }
  }

  private static double bare(EnvRegistry environments, int n) {
    try (VectorEnv env =
        environments.makeVec("CartPole-v1", n, AutoresetMode.SAME_STEP, Map.of())) {
      VectorStep step = env.newStep();
      float[] actions = new float[n * env.actionWidth()];
      Generator random = Generator.of(0);
      env.reset(0, step);
      long began = THREADS.getCurrentThreadCpuTime();
      for (int done = 0; done < SAMPLED; done += n) {
        actions[(int) random.integers(n)] = done % 2;
        env.step(actions, step);
      }
      return SAMPLED / ((THREADS.getCurrentThreadCpuTime() - began) / 1e9);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static String rounded(double[] values) {
    return Arrays.toString(
        Arrays.stream(values).map(value -> Math.round(value * 10) / 10.0).toArray());
  }
}
