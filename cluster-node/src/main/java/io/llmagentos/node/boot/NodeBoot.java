package io.llmagentos.node.boot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.llmagentos.node.Node;
import io.llmagentos.node.NodeSettings;
import io.llmagentos.node.Subsystem;
import io.llmagentos.node.Subsystems;
import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.cluster.ClusterSettings;
import io.llmagentos.node.cluster.DeadProcessWatch;
import io.llmagentos.node.cluster.MembershipMetrics;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.HttpHost;
import io.llmagentos.node.http.HttpSettings;
import io.llmagentos.node.job.JobHosting;
import io.llmagentos.node.job.JobIndex;
import io.llmagentos.node.journal.DueTimers;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.journal.JournalDatabase;
import io.llmagentos.node.journal.JournalSettings;
import io.llmagentos.node.journal.Projector;
import io.llmagentos.node.settings.Settings;
import io.llmagentos.node.wire.WireSetup;
import io.llmagentos.node.wire.WireVersionCheck;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.AddressFromURIString;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.ClusterSingletonSettings;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.apache.pekko.cluster.typed.SingletonActor;
import org.apache.pekko.http.javadsl.server.Route;
import org.slf4j.LoggerFactory;

/** Boots a node: settings, data directory, journal, actor system, subsystems, join, doors. */
public final class NodeBoot {
  private NodeBoot() {}

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
    return start(overrides, file, Clock.systemUTC());
  }

  /** @param clock by which everything durable is timed: what is due, late, expired */
  public static Node start(Config overrides, Optional<File> file, Clock clock) {
    Config config = Settings.load(overrides, file);
    NodeSettings settings = Settings.read(config, "llmagentos.node", NodeSettings::create);
    HttpSettings http = Settings.read(config, "llmagentos.http", HttpSettings::create);
    JournalSettings journal = Settings.read(
        config,
        "llmagentos.journal",
        section -> JournalSettings.create(section, settings.dataDirectory()));
    ClusterSettings cluster = Settings.read(config, "llmagentos.cluster", ClusterSettings::create);
    requireFree(
        settings.bindHost(),
        settings.transport() == NodeSettings.Transport.AERON_UDP ? 0 : settings.bindPort(),
        settings.bindPort() == settings.arteryPort()
            ? "llmagentos.node.artery-port"
            : "llmagentos.node.bind-port");
    requireFree(http.host(), http.port(), "llmagentos.http.port");
    requireFree(http.managementHost(), http.managementPort(), "llmagentos.http.management-port");

    List<AutoCloseable> opened = new ArrayList<>();
    try {
      DataDirectory directory = DataDirectory.open(settings.dataDirectory());
      opened.add(directory);
      List<Subsystem> subsystems = Subsystems.discover();
      List<Projector> projectors = Stream.concat(
              Stream.of(new JobIndex()),
              subsystems.stream().flatMap(subsystem -> subsystem.projectors().stream()))
          .toList();
      JournalDatabase database = JournalDatabase.open(journal, projectors);
      opened.add(database);
      Config full = pekko(settings, http, WireTypes.version(subsystems))
          .withFallback(journal.pekko())
          .withFallback(config)
          .resolve();
      ActorSystem<Void> system = ActorSystem.create(
          Behaviors.empty(),
          "agentos",
          ActorSystemSetup.create(
              BootstrapSetup.create(full), new WireSetup(WireTypes.of(subsystems))));
      opened.add(system::terminate);
      Node node = new Node(
          full,
          settings,
          uri(http.host(), http.port()),
          uri(http.managementHost(), http.managementPort()),
          database,
          system,
          clock);
      boot(node, http, cluster, subsystems, projectors);
      node.closeAtTheEnd(() -> {
        database.close();
        directory.close();
      });
      return node;
    } catch (RuntimeException e) {
      opened.reversed().forEach(NodeBoot::closeQuietly);
      throw e;
    }
  }

  private static void boot(
      Node node,
      HttpSettings http,
      ClusterSettings cluster,
      List<Subsystem> subsystems,
      List<Projector> projectors) {
    new JvmMemoryMetrics().bindTo(node.metrics());
    new JvmGcMetrics().bindTo(node.metrics());
    new JvmThreadMetrics().bindTo(node.metrics());
    new ProcessorMetrics().bindTo(node.metrics());
    ActorRef<DeadProcessWatch.Command> watch = startDeadProcessWatch(node, cluster);
    node.spawn(MembershipMetrics.create(node.metrics()), "membership-metrics");
    node.offer(
        Bulk.class,
        Bulk.start(
            node.system(),
            node.clock(),
            node.config().getMemorySize("llmagentos.bulk.max-held").toBytes(),
            node.config().getDuration("llmagentos.bulk.held-for")));
    JobHosting jobs = JobHosting.start(node);
    subsystems.forEach(subsystem -> subsystem.start(node));
    if (node.hasRole("core")) {
      EventProjection.start(node.system(), node.database().dataSource(), projectors);
      ClusterSingleton.get(node.system())
          .init(SingletonActor.of(
                  DueTimers.create(
                      node.database().dataSource(),
                      node.blockingExecutor(),
                      node.clock(),
                      node.config().getDuration("llmagentos.journal.timer-interval"),
                      node.wakers()),
                  "due-timers")
              .withSettings(ClusterSingletonSettings.create(node.system()).withRole("core")));
    }
    joinCluster(node);
    awaitUp(node);
    List<Route> routes = Stream.concat(
            Stream.of(jobs.routes()),
            subsystems.stream().flatMap(subsystem -> subsystem.routes(node).stream()))
        .toList();
    HttpHost.open(node, http, watch, routes);
    jobs.advertise();
  }

  private static ActorRef<DeadProcessWatch.Command> startDeadProcessWatch(
      Node node, ClusterSettings cluster) {
    boolean probing = node.settings().transport() != NodeSettings.Transport.AERON_UDP;
    return node.spawn(
        DeadProcessWatch.create(
            probing ? cluster.probeInterval() : Duration.ZERO,
            cluster.probeRefusals(),
            address -> DeadProcessWatch.portRefuses(address, Duration.ofSeconds(1)),
            node.blockingExecutor()),
        "dead-process-watch");
  }

  private static void joinCluster(Node node) {
    Cluster cluster = Cluster.get(node.system());
    List<Address> seeds = node.settings().seedNodes().stream()
        .map(seed -> AddressFromURIString.parse("pekko://agentos@" + seed))
        .toList();
    cluster
        .manager()
        .tell(new JoinSeedNodes(seeds.isEmpty() ? List.of(cluster.selfMember().address()) : seeds));
  }

  private static void awaitUp(Node node) {
    CompletableFuture<Done> up = new CompletableFuture<>();
    org.apache.pekko.cluster.Cluster.get(node.system())
        .registerOnMemberUp(() -> up.complete(Done.getInstance()));
    node.system()
        .getWhenTerminated()
        .thenAccept(done -> up.completeExceptionally(
            new IllegalStateException("the node was shut down while it joined")));
    try {
      up.get(node.settings().joinTimeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new AgentOsException(
          ErrorCode.UNAVAILABLE,
          "the node did not become a member within " + node.settings().joinTimeout()
              + " (llmagentos.node.join-timeout); seeds " + node.settings().seedNodes()
              + " are unreachable, or refuse this node's wire version '"
              + node.config().getString(WireVersionCheck.KEY)
              + "' (see the log)",
          "llmagentos.node.seed-nodes",
          e);
    } catch (ExecutionException e) {
      if (CoordinatedShutdown.get(node.system())
          .getShutdownReason()
          .equals(Optional.of(CoordinatedShutdown.incompatibleConfigurationDetectedReason()))) {
        throw new AgentOsException(
            ErrorCode.WIRE_INCOMPATIBLE,
            "the cluster of " + node.settings().seedNodes()
                + " refuses this node, whose wire version is '"
                + node.config().getString(WireVersionCheck.KEY)
                + "' (see the log); run the same LLMAgentOS, with the same jars and sharding settings, on every node",
            "llmagentos.node.seed-nodes",
            e);
      }
      throw new AgentOsException(ErrorCode.UNAVAILABLE, String.valueOf(e.getCause()), null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AgentOsException(ErrorCode.UNAVAILABLE, "interrupted while joining", null, e);
    }
  }

  private static Config pekko(NodeSettings settings, HttpSettings http, String wireVersion) {
    Map<String, Object> values = new HashMap<>();
    values.put("pekko.remote.artery.transport", settings.transport().id());
    values.put("pekko.remote.artery.canonical.hostname", settings.host());
    values.put("pekko.remote.artery.canonical.port", settings.arteryPort());
    values.put("pekko.remote.artery.bind.hostname", settings.bindHost());
    values.put("pekko.remote.artery.bind.port", settings.bindPort());
    values.put("pekko.cluster.roles", List.copyOf(settings.roles()));
    values.put(WireVersionCheck.KEY, wireVersion);
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
      // Aeron carries at most an eighth of a term, by its default 2 MiB.
      values.put("pekko.remote.artery.advanced.maximum-large-frame-size", "2 MiB");
    }
    Config config = ConfigFactory.empty();
    for (Map.Entry<String, Object> value : values.entrySet()) {
      config = config.withValue(value.getKey(), ConfigValueFactory.fromAnyRef(value.getValue()));
    }
    return config;
  }

  private static URI uri(String host, int port) {
    return URI.create("http://" + host + ":" + port);
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
      LoggerFactory.getLogger(NodeBoot.class).warn("while giving up the boot: {}", e.toString());
    }
  }
}
