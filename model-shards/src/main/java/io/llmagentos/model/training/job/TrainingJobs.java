package io.llmagentos.model.training.job;

import io.llmagentos.model.registry.ModelRegistry;
import io.llmagentos.model.training.EngineSettings;
import io.llmagentos.model.training.Kernels;
import io.llmagentos.model.training.Precision;
import io.llmagentos.model.training.arguments.TrainingTask;
import io.llmagentos.node.Node;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.job.JobKinds;
import io.llmagentos.node.settings.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;

/** Puts the training of models into a node. */
public final class TrainingJobs {
  /** The types that cross the wire, in the order of their ids. */
  public static final List<Class<?>> WIRE_TYPES = List.of(
      TrainingRank.FindExchange.class,
      TrainingRank.Exchange.class,
      TrainingRank.Train.class,
      TrainingRank.Pause.class,
      TrainingRank.Logged.class,
      TrainingRank.Saved.class,
      TrainingRank.Ended.class,
      TrainingRank.Failed.class,
      EngineSettings.class,
      Precision.class,
      Kernels.class);

  /**
   * What trainings need of their node.
   *
   * @param directory for files while a training runs
   * @param compute for threads that compute and wait for each other
   */
  record Services(
      TrainingSettings settings,
      ArtifactStore artifacts,
      ModelRegistry registry,
      Bulk bulk,
      Path directory,
      Executor compute) {}

  private TrainingJobs() {}

  public static void start(Node node) {
    boolean localOnly = node.config().getList("llmagentos.http.api-keys").isEmpty();
    Path directory = node.settings().dataDirectory().resolve("training");
    WorkDirectory.delete(directory); // what a process before this one left
    Services services = new Services(
        Settings.read(
            node.config(),
            "llmagentos.training",
            section -> TrainingSettings.create(section, localOnly)),
        node.service(ArtifactStore.class),
        node.service(ModelRegistry.class),
        node.service(Bulk.class),
        directory,
        node.newComputeExecutor("training"));
    for (TrainingTask task : TrainingTask.values()) {
      node.service(JobKinds.class).add(new TrainingJob(task, services));
    }
  }
}
