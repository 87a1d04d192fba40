package io.llmagentos.bench;

import io.llmagentos.rl.env.AutoresetMode;
import io.llmagentos.rl.env.VectorEnv;
import io.llmagentos.rl.env.VectorStep;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.random.Generator;
import io.llmagentos.rl.space.Space;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Round trips to an environment in another process, random actions. */
@Command(
    name = "remote",
    mixinStandardHelpOptions = true,
    description = "Round trips to environments of another process.")
final class RemoteBench implements Callable<Integer> {
  @Option(names = "--envs", split = ",", description = "How many in a process, one run each.")
  private int[] sizes = {1, 64};

  @Option(names = "--seconds", description = "Of each run (default: ${DEFAULT-VALUE}).")
  private int seconds = 5;

  @Parameters(
      arity = "1..*",
      description = "Behind --: python3 gymnasium_server.py --env CartPole-v1")
  private List<String> command = List.of();

  @Override
  public Integer call() {
    for (int size : sizes) {
      try (VectorEnv envs = EnvRegistry.load()
          .makeVec("Remote-v0", size, AutoresetMode.SAME_STEP, Map.of("command", command))) {
        VectorStep step = envs.newStep();
        envs.reset(1, step);
        play(envs, step, 1);
        double roundTrips = play(envs, step, seconds);
        System.out.printf(
            "%d environments in a process: %,.0f round trips/s, %,.0f environment steps/s%n",
            size, roundTrips, roundTrips * size);
      }
    }
    return 0;
  }

  private static double play(VectorEnv envs, VectorStep step, int seconds) {
    float[][] actions = new float[64][];
    Generator random = Generator.of(2);
    for (int k = 0; k < actions.length; k++) {
      actions[k] = sample(envs.actionSpace(), envs.size(), random);
    }
    long begin = System.nanoTime();
    long end = begin + seconds * 1_000_000_000L;
    int steps = 0;
    while (System.nanoTime() < end) {
      envs.step(actions[steps % actions.length], step);
      steps++;
    }
    return steps * 1e9 / (System.nanoTime() - begin);
  }

  private static <A> float[] sample(Space<A> space, int count, Generator random) {
    float[] rows = new float[count * space.width()];
    for (int i = 0; i < count; i++) {
      space.encode(space.sample(random), rows, i * space.width());
    }
    return rows;
  }
}
