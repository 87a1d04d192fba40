package io.llmagentos.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.llmagentos.node.cluster.DeadProcessWatch;
import io.llmagentos.node.cluster.NodeHost;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.HttpHost;
import io.llmagentos.node.http.HttpSettings;
import io.llmagentos.node.journal.DueTimers;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.journal.JournalDatabase;
import io.llmagentos.node.journal.JournalSettings;
import io.llmagentos.node.journal.Projector;
import io.llmagentos.node.settings.Settings;
import io.llmagentos.node.wire.WireTypes;
import io.llmagentos.node.wire.WireVersionCheck;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.AddressFromURIString;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.ClusterSingletonSettings;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.apache.pekko.cluster.typed.SingletonActor;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * A running node: actor system, membership, journal, doors, and the subsystems that were on the class path. Thread-safe.
 *
 * <p>Boot: settings, data directory, journal, actor system, subsystems, join, doors. Shutdown (SIGTERM or {@link #stop}): doors close, turns in
 * flight finish or time out, entities move, the node leaves, the journal closes.
 */
public final class Node {
  private final Config config;
  private final NodeSettings settings;
  private final HttpSettings http;
  private final JournalDatabase database;
  private final ActorSystem<Void> system;
  private final PrometheusMeterRegistry metrics =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Clock clock = Clock.systemUTC();
  private final Map<Class<?>, Object> services = new ConcurrentHashMap<>();
  private final Map<String, IntSupplier> entityCounts = new LinkedHashMap<>();
  private final Map<String, DueTimers.Waker> wakers = new HashMap<>();

  private Node(
      Config config,
      NodeSettings settings,
      HttpSettings http,
      JournalDatabase database,
      ActorSystem<Void> system) {
    this.config = config;
    this.settings = settings;
    this.http = http;
    this.database = database;
    this.system = system;
  }

  /**
   * Boot a node and wait until it is a member with open doors.
   *
   * @param overrides settings above everything else
   * @throws AgentOsException when it cannot boot; nothing is left running
   */
  public static Node start(Config overrides) {
    return start(overrides, Optional.empty());
  }

  /** @param file the user's configuration file */
  public static Node start(Config overrides, Optional<File> file) {
    Config config = Settings.load(overrides, file);
    NodeSettings settings = Settings.read(config, "llmagentos.node", NodeSettings::create);
    HttpSettings http = Settings.read(config, "llmagentos.http", HttpSettings::create);
    JournalSettings journal = Settings.read(
        config,
        "llmagentos.journal",
        section -> JournalSettings.create(section, settings.dataDirectory()));
    requireFree(
        settings.host(),
        settings.transport() == NodeSettings.Transport.AERON_UDP ? 0 : settings.arteryPort(),
        "llmagentos.node.artery-port");
    requireFree(http.host(), http.port(), "llmagentos.http.port");
    requireFree(http.managementHost(), http.managementPort(), "llmagentos.http.management-port");

    List<AutoCloseable> opened = new ArrayList<>();
    try {
      DataDirectory directory = DataDirectory.open(settings.dataDirectory());
      opened.add(directory);
      List<Subsystem> subsystems = Subsystems.discover();
      List<Projector> projectors = subsystems.stream()
          .flatMap(subsystem -> subsystem.projectors().stream())
          .toList();
      JournalDatabase database = JournalDatabase.open(journal, projectors);
      opened.add(database);
      Config full = pekko(settings, http)
          .withFallback(journal.pekko())
          .withFallback(config)
          .resolve();
      ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "agentos", full);
      opened.add(system::terminate);
      Node node = new Node(full, settings, http, database, system);
      node.boot(subsystems, projectors);
      system.getWhenTerminated().whenComplete((done, failure) -> {
        database.close();
        directory.close();
      });
      return node;
    } catch (RuntimeException e) {
      opened.reversed().forEach(Node::closeQuietly);
      throw e;
    }
  }

  private void boot(List<Subsystem> subsystems, List<Projector> projectors) {
    new JvmMemoryMetrics().bindTo(metrics);
    new JvmGcMetrics().bindTo(metrics);
    new JvmThreadMetrics().bindTo(metrics);
    new ProcessorMetrics().bindTo(metrics);
    ActorRef<DeadProcessWatch.Command> watch = startDeadProcessWatch();
    subsystems.forEach(subsystem -> subsystem.start(this));
    if (hasRole("core")) {
      EventProjection.start(system, database.dataSource(), projectors);
      ClusterSingleton.get(system)
          .init(SingletonActor.of(
                  DueTimers.create(
                      database.dataSource(),
                      blockingExecutor(),
                      clock,
                      config.getDuration("llmagentos.journal.timer-interval"),
                      Map.copyOf(wakers)),
                  "due-timers")
              .withSettings(ClusterSingletonSettings.create(system).withRole("core")));
    }
    joinCluster();
    awaitUp();
    List<Route> routes = subsystems.stream()
        .flatMap(subsystem -> subsystem.routes(this).stream())
        .toList();
    HttpHost.open(this, http, watch, routes);
    spawn(
        NodeHost.create(door().toString(), management().toString(), Map.copyOf(entityCounts)),
        "node-host");
  }

  private ActorRef<DeadProcessWatch.Command> startDeadProcessWatch() {
    boolean probing = settings.transport() != NodeSettings.Transport.AERON_UDP;
    return spawn(
        DeadProcessWatch.create(
            probing ? config.getDuration("llmagentos.cluster.probe-interval") : Duration.ZERO,
            config.getInt("llmagentos.cluster.probe-refusals"),
            address -> DeadProcessWatch.portRefuses(address, Duration.ofSeconds(1)),
            blockingExecutor()),
        "dead-process-watch");
  }

  private void joinCluster() {
    Cluster cluster = Cluster.get(system);
    List<Address> seeds = settings.seedNodes().stream()
        .map(seed -> AddressFromURIString.parse("pekko://agentos@" + seed))
        .toList();
    cluster
        .manager()
        .tell(new JoinSeedNodes(seeds.isEmpty() ? List.of(cluster.selfMember().address()) : seeds));
  }

  private void awaitUp() {
    CompletableFuture<Done> up = new CompletableFuture<>();
    org.apache.pekko.cluster.Cluster.get(system)
        .registerOnMemberUp(() -> up.complete(Done.getInstance()));
    system
        .getWhenTerminated()
        .thenAccept(done -> up.completeExceptionally(
            new IllegalStateException("the node was shut down while it joined")));
    try {
      up.get(settings.joinTimeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new AgentOsException(
          ErrorCode.UNAVAILABLE,
          "the node did not become a member within " + settings.joinTimeout()
              + " (llmagentos.node.join-timeout); seeds " + settings.seedNodes()
              + " are unreachable, or refuse this node's wire version '" + WireTypes.version()
              + "' (see the log)",
          "llmagentos.node.seed-nodes",
          e);
    } catch (ExecutionException e) {
      throw new AgentOsException(ErrorCode.UNAVAILABLE, String.valueOf(e.getCause()), null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AgentOsException(ErrorCode.UNAVAILABLE, "interrupted while joining", null, e);
    }
  }

  private static Config pekko(NodeSettings settings, HttpSettings http) {
    Map<String, Object> values = new HashMap<>();
    values.put("pekko.remote.artery.transport", settings.transport().id());
    values.put("pekko.remote.artery.canonical.hostname", settings.host());
    values.put("pekko.remote.artery.canonical.port", settings.arteryPort());
    values.put("pekko.cluster.roles", List.copyOf(settings.roles()));
    values.put(WireVersionCheck.KEY, WireTypes.version());
    values.put("pekko.http.server.parsing.max-content-length", http.maxBodyBytes());
    values.put(
        "pekko.http.server.request-timeout",
        http.requestTimeout().plusSeconds(5).toMillis() + "ms");
    String drain = settings.drainTimeout().plusSeconds(2).toMillis() + "ms";
    values.put("pekko.coordinated-shutdown.phases.service-requests-done.timeout", drain);
    values.put("pekko.coordinated-shutdown.phases.service-unbind.timeout", drain);
    if (settings.transport() == NodeSettings.Transport.TLS_TCP) {
      String engine = "pekko.remote.artery.ssl.rotating-keys-engine";
      values.put(
          "pekko.remote.artery.ssl.ssl-engine-provider",
          "org.apache.pekko.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider");
      values.put(engine + ".key-file", settings.tls().key());
      values.put(engine + ".cert-file", settings.tls().certificate());
      values.put(engine + ".ca-cert-file", settings.tls().ca());
    }
    if (settings.transport() == NodeSettings.Transport.AERON_UDP) {
      values.put("pekko.remote.artery.advanced.aeron.embedded-media-driver", "off");
      values.put("pekko.remote.artery.advanced.aeron.aeron-dir", settings.aeronDirectory());
    }
    Config config = ConfigFactory.empty();
    for (Map.Entry<String, Object> value : values.entrySet()) {
      config = config.withValue(value.getKey(), ConfigValueFactory.fromAnyRef(value.getValue()));
    }
    return config;
  }

  private static void requireFree(String host, int port, String key) {
    if (port == 0) {
      return;
    }
    try {
      new ServerSocket(port, 1, InetAddress.getByName(host)).close();
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.PORT_IN_USE,
          "port " + port + " on " + host + " is not free (" + e.getMessage()
              + "); choose another by " + key + " or --port",
          key,
          e);
    }
  }

  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      org.slf4j.LoggerFactory.getLogger(Node.class)
          .warn("while giving up the boot: {}", e.toString());
    }
  }

  public ActorSystem<Void> system() {
    return system;
  }

  public Config config() {
    return config;
  }

  public Clock clock() {
    return clock;
  }

  public PrometheusMeterRegistry metrics() {
    return metrics;
  }

  public JournalDatabase database() {
    return database;
  }

  public NodeSettings settings() {
    return settings;
  }

  public boolean hasRole(String role) {
    return settings.roles().contains(role);
  }

  public URI door() {
    return URI.create("http://" + http.host() + ":" + http.port());
  }

  public URI management() {
    return URI.create("http://" + http.managementHost() + ":" + http.managementPort());
  }

  /** For work that waits: files, databases, processes. Never for computing. */
  public Executor blockingExecutor() {
    return system.dispatchers().lookup(DispatcherSelector.blocking());
  }

  public <T> ActorRef<T> spawn(Behavior<T> behavior, String name) {
    return system.systemActorOf(behavior, name, Props.empty());
  }

  /** Offer a service of one subsystem to the others, by its type. */
  public <T> void offer(Class<T> type, T service) {
    services.put(type, service);
  }

  /** @throws IllegalStateException when no subsystem on the class path offers it */
  public <T> T service(Class<T> type) {
    Object service = services.get(type);
    if (service == null) {
      throw new IllegalStateException("no subsystem offers " + type.getName());
    }
    return type.cast(service);
  }

  /** Show how many entities of a kind are in memory, in the node's description and as a gauge. */
  public void countEntities(String kind, IntSupplier count) {
    entityCounts.put(kind, count);
    metrics.gauge(
        "llmagentos.entities",
        Set.of(io.micrometer.core.instrument.Tag.of("kind", kind)),
        count,
        IntSupplier::getAsInt);
  }

  /** Say how entities of a kind are woken when their timers are due. */
  public void wakeBy(String kind, DueTimers.Waker waker) {
    wakers.put(kind, waker);
  }

  /** Let a shutdown wait for this, after the doors closed and before entities move. */
  public void drain(String what, Supplier<CompletionStage<Done>> drained) {
    CoordinatedShutdown.get(system)
        .addTask(CoordinatedShutdown.PhaseServiceRequestsDone(), what, drained);
  }

  public CompletionStage<Done> stop() {
    return CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.unknownReason());
  }

  public void awaitTermination() throws InterruptedException {
    try {
      system.getWhenTerminated().toCompletableFuture().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }
}
