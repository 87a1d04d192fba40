package io.llmagentos.rl.job;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.job.DriverContext;
import io.llmagentos.node.job.JobKind;
import io.llmagentos.node.placement.Group;
import io.llmagentos.node.placement.MemberCommand;
import io.llmagentos.node.placement.MemberId;
import io.llmagentos.node.placement.Resources;
import io.llmagentos.rl.algorithm.AlgorithmConfig;
import io.llmagentos.rl.algorithm.Experiment;
import io.llmagentos.rl.env.registration.EnvRegistry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;

/** The job {@code rl/ALGORITHM}: a driver, as many runners as there is room for up to {@code num_env_runners}, and {@code num_learners} ranks. */
final class RlJob implements JobKind {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Resources CORE = new Resources(1, 0, 0);

  private final String algorithm;
  private final RlSettings rl;
  private final EnvRegistry environments;
  private final Bulk bulk;
  private final Executor compute;

  /** @param compute for threads that compute and wait for each other */
  RlJob(String algorithm, RlSettings rl, EnvRegistry environments, Bulk bulk, Executor compute) {
    this.algorithm = algorithm;
    this.rl = rl;
    this.environments = environments;
    this.bulk = bulk;
    this.compute = compute;
  }

  @Override
  public String name() {
    return "rl/" + algorithm;
  }

  /** @throws AgentOsException {@code INVALID_REQUEST} for settings that are not understood, with their key */
  @Override
  public List<Group> plan(JsonNode settings) {
    AlgorithmConfig<?> config = understood(() -> {
      AlgorithmConfig<?> read = experiment(settings).config();
      environments.spec(read.get(AlgorithmConfig.ENV));
      return read;
    });
    if (!rl.environmentCommands()
        && config.get(AlgorithmConfig.ENV_CONFIG).containsKey("command")) {
      throw new AgentOsException(
          ErrorCode.FORBIDDEN,
          "this cluster starts no programs for jobs: connect to the environment instead"
              + " (env_config.connect), or allow it with llmagentos.rl.environment-commands",
          "env_config.command");
    }
    List<Group> groups = new ArrayList<>();
    groups.add(new Group("driver", "learner", 1, 1, CORE, true));
    if (hasRunners(config)) {
      groups.add(new Group(
          Driver.RUNNERS, "rollout", 1, config.get(AlgorithmConfig.NUM_ENV_RUNNERS), CORE, false));
    }
    if (hasLearners(config)) {
      int ranks = config.ranks();
      groups.add(new Group(Driver.LEARNERS, "learner", ranks, ranks, CORE, true));
    }
    return groups;
  }

  /** Also the environment's options and spaces, where they can be known before it runs. */
  @Override
  public void check(JsonNode settings) {
    understood(() -> {
      AlgorithmConfig<?> config = experiment(settings).config();
      config.check(environments);
      return config;
    });
  }

  private static AlgorithmConfig<?> understood(Supplier<AlgorithmConfig<?>> reading) {
    try {
      return reading.get();
    } catch (AgentOsException e) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, String.valueOf(e.getMessage()), e.param(), e);
    }
  }

  /** Otherwise the driver samples by itself. */
  static boolean hasRunners(AlgorithmConfig<?> config) {
    return config.get(AlgorithmConfig.NUM_ENV_RUNNERS) > 0;
  }

  /** Otherwise the driver learns by itself. */
  static boolean hasLearners(AlgorithmConfig<?> config) {
    return config.ranks() > 1;
  }

  @Override
  public Behavior<MemberCommand> driver(DriverContext context) {
    return Driver.create(
        context, experiment(context.settings()), environments, bulk, System::nanoTime, compute);
  }

  @Override
  public Behavior<MemberCommand> worker(MemberId id, JsonNode settings) {
    AlgorithmConfig<?> config = experiment(settings).config();
    return id.group().equals(Driver.RUNNERS)
        ? EnvRunner.create(config, environments, bulk)
        : LearnerRank.create(config, environments, bulk, id.index(), compute);
  }

  @Override
  public Curve curve() {
    return new Curve("num_env_steps_sampled_lifetime", "env_runners/episode_return_mean", "return");
  }

  Experiment experiment(JsonNode settings) {
    Map<String, Object> map = new LinkedHashMap<>(
        JSON.convertValue(settings, new TypeReference<Map<String, Object>>() {}));
    map.put("type", name());
    return Experiment.of(map);
  }
}
