package io.llmagentos.node.job;

import com.typesafe.config.Config;
import io.llmagentos.node.Node;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.placement.MemberFactory;
import io.llmagentos.node.placement.NodeHost;
import io.llmagentos.node.placement.Scheduler;
import io.llmagentos.node.settings.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.http.javadsl.server.Route;

/** Jobs in a node: artifacts, the job entities, and what the node host can spawn. */
public final class JobHosting {
  private static final Duration SWEEP_EVERY = Duration.ofMinutes(10);

  private final Node node;
  private final JobKinds kinds = new JobKinds();
  private final JobSettings settings;
  private final ArtifactStore artifacts;
  private final Jobs jobs;
  private final ActorRef<Scheduler.Command> scheduler;

  private JobHosting(Node node) {
    this.node = node;
    this.settings = Settings.read(node.config(), "llmagentos.jobs", JobSettings::create);
    this.artifacts =
        ArtifactStore.open(directory(node.config(), node.settings().dataDirectory()), node.clock());
    this.jobs = new Jobs(node.system(), kinds, node.blockingExecutor());
    this.scheduler = Scheduler.proxy(node.system(), node.clock(), settings::quota);
  }

  /** Start the job entities and offer {@link Jobs}, {@link JobKinds} and {@link ArtifactStore}. Called before subsystems start and the node joins. */
  public static JobHosting start(Node node) {
    JobHosting hosting = new JobHosting(node);
    node.offer(Jobs.class, hosting.jobs);
    node.offer(JobKinds.class, hosting.kinds);
    node.offer(ArtifactStore.class, hosting.artifacts);
    AtomicInteger resident = new AtomicInteger();
    Job.Dependencies dependencies = new Job.Dependencies(
        node.clock(),
        hosting.scheduler,
        hosting.kinds,
        hosting.artifacts,
        node.blockingExecutor(),
        resident);
    ClusterSharding sharding = ClusterSharding.get(node.system());
    sharding.init(Entity.of(Job.KEY, context -> Job.create(context.getEntityId(), dependencies))
        .withRole("core"));
    node.countEntities(Job.KIND, resident::get);
    node.wakeBy(
        Job.KIND,
        (entityId, timer) -> sharding.entityRefFor(Job.KEY, entityId).tell(new Job.Wake(timer)));
    hosting.sweepNowAndThen();
    return hosting;
  }

  private void sweepNowAndThen() {
    Duration age = node.config().getDuration("llmagentos.artifacts.sweep-age");
    node.system()
        .scheduler()
        .scheduleWithFixedDelay(
            SWEEP_EVERY,
            SWEEP_EVERY,
            () -> node.blockingExecutor().execute(() -> artifacts.sweep(age)),
            node.system().executionContext());
  }

  /** Called once the node is a member. */
  public void advertise() {
    Map<String, MemberFactory> factories = kinds.factories((member, payload) -> new DriverContext(
        payload.key(),
        member.epoch(),
        payload.spec(),
        Optional.ofNullable(payload.checkpoint()),
        jobs,
        artifacts,
        node.blockingExecutor()));
    node.spawn(
        NodeHost.create(
            new NodeHost.Self(
                node.door().toString(),
                node.management().toString(),
                node.settings().roles(),
                settings.resources(),
                node.entityCounts(),
                factories),
            scheduler),
        "node-host");
  }

  public Route routes() {
    return new JobRoutes(node, kinds, jobs, artifacts).route();
  }

  private static Path directory(Config config, Path dataDirectory) {
    String configured = config.getString("llmagentos.artifacts.directory");
    return configured.isEmpty() ? dataDirectory.resolve("artifacts") : Path.of(configured);
  }
}
