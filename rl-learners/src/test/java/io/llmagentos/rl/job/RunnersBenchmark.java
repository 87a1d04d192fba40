package io.llmagentos.rl.job;

import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.MemberId;
import io.llmagentos.node.placement.Members;
import io.llmagentos.rl.algorithm.AlgorithmConfig;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.rollout.Fragment;
import io.llmagentos.rl.rollout.Sampler.Behaviour;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * What one and two runner actors sample in the time that passes, parameters and fragments through the bulk plane included: CartPole, 64 environments a runner, a
 * 64-64 policy, rounds of as many steps as the argument says (512). Interleaved; medians.
 */
final class RunnersBenchmark {
  private static final int ENVIRONMENTS = 64;
  private static final int ROUNDS = 5;
  private static final double SECONDS = 3;

  private RunnersBenchmark() {}

  public static void main(String[] args) {
    int steps = args.length == 0 ? 512 : Integer.parseInt(args[0]);
    ActorTestKit kit = ActorTestKit.create();
    try {
      Bulk bulk = Bulk.start(kit.system(), Clock.systemUTC(), 1 << 30, Duration.ofMinutes(1));
      double[][] rates = new double[2][ROUNDS];
      for (int round = -1; round < ROUNDS; round++) {
        for (int runners = 1; runners <= 2; runners++) {
          double rate = rate(kit, bulk, runners, steps);
          if (round >= 0) {
            rates[runners - 1][round] = rate;
          }
        }
      }
      double one = median(rates[0]);
      double two = median(rates[1]);
      System.out.printf(
          Locale.ROOT,
          "%d environments a runner, %d steps a round: one runner %.2f M env-steps/s, two %.2f M, %.2f times%n",
          ENVIRONMENTS,
          steps,
          one / 1e6,
          two / 1e6,
          two / one);
    } finally {
      kit.shutdownTestKit();
    }
  }

  private static double rate(ActorTestKit kit, Bulk bulk, int runners, int steps) {
    EnvRegistry environments = EnvRegistry.load();
    AlgorithmConfig<?> config = AlgorithmConfig.of("ppo")
        .with(Map.of(
            "env",
            "CartPole-v1",
            "num_env_runners",
            runners,
            "num_envs_per_env_runner",
            ENVIRONMENTS));
    float[] parameters = config.newLearner(environments, 0).parameters();
    CompletableFuture<RemoteSampling> opened = new CompletableFuture<>();
    ActorRef<MemberCommand> driver = kit.spawn(Behaviors.receive(MemberCommand.class)
        .onMessage(EnvRunner.Sampled.class, sampled -> {
          opened.join().sampled(sampled);
          return Behaviors.same();
        })
        .build());
    RemoteSampling sampling = new RemoteSampling(config, bulk, driver, RemoteSampling.ASK_AGAIN);
    opened.complete(sampling);
    List<Members.Member> members = new ArrayList<>();
    for (int i = 0; i < runners; i++) {
      ActorRef<MemberCommand> runner = kit.spawn(
          EnvRunner.create(config, environments, bulk),
          DispatcherSelector.fromConfig("llmagentos.jobs.dispatcher"));
      members.add(new Members.Member(new MemberId("job", 1, Driver.RUNNERS, i, 0), runner, "node"));
    }
    sampling.members(members);
    sampling.sample(parameters, 1, steps, Behaviour.EXPLORE);
    long sampled = 0;
    long began = System.nanoTime();
    double seconds = 0;
    while (seconds < SECONDS) {
      List<Fragment> fragments = sampling.sample(parameters, 1, steps, Behaviour.EXPLORE);
      sampled += (long) fragments.size() * steps * ENVIRONMENTS;
      seconds = (System.nanoTime() - began) / 1e9;
    }
    sampling.close();
    members.forEach(member -> kit.stop(member.ref()));
    kit.stop(driver);
    return sampled / seconds;
  }

  private static double median(double[] values) {
    return Arrays.stream(values).sorted().skip(values.length / 2).findFirst().orElseThrow();
  }
}
