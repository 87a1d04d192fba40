package io.llmagentos.rl.job;

import io.llmagentos.node.Node;
import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.job.JobKinds;
import io.llmagentos.node.settings.Settings;
import io.llmagentos.rl.env.registration.EnvRegistry;
import io.llmagentos.rl.rollout.Sampler;
import java.util.List;
import java.util.concurrent.Executor;
import org.apache.pekko.http.javadsl.server.Route;

/** Puts reinforcement learning into a node. */
public final class RlJobs {
  /** The types that cross the wire, in the order of their ids. */
  public static final List<Class<?>> WIRE_TYPES = List.of(
      EnvRunner.Sample.class,
      EnvRunner.Sampled.class,
      EnvRunner.SamplingFailed.class,
      Sampler.Behaviour.class,
      LearnerRank.FindExchange.class,
      LearnerRank.Exchange.class,
      LearnerRank.Learn.class,
      LearnerRank.Learnt.class,
      LearnerRank.LearningFailed.class);

  private RlJobs() {}

  public static void start(Node node) {
    boolean localOnly = node.config().getList("llmagentos.http.api-keys").isEmpty();
    RlSettings settings = Settings.read(
        node.config(), "llmagentos.rl", section -> RlSettings.create(section, localOnly));
    EnvRegistry environments = EnvRegistry.load();
    node.offer(EnvRegistry.class, environments);
    // A driver and each rank hold a thread for the length of a run, and wait in it: none may wait
    // for another's thread.
    Executor compute = node.newComputeExecutor("rl");
    for (String algorithm : List.of("ppo", "ddpg", "reinforce")) {
      node.service(JobKinds.class)
          .add(new RlJob(algorithm, settings, environments, node.service(Bulk.class), compute));
    }
  }

  public static Route routes(Node node) {
    return new PolicyRoutes(node).route();
  }
}
