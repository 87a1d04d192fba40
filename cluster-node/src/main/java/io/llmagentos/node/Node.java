package io.llmagentos.node;

import com.typesafe.config.Config;
import io.llmagentos.node.journal.DueTimers;
import io.llmagentos.node.journal.JournalDatabase;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Props;
import org.slf4j.LoggerFactory;

/**
 * A running node, as its subsystems see it: actor system, journal, settings, and what other subsystems offer. Thread-safe; made by {@code NodeBoot}.
 *
 * <p>Shutdown (SIGTERM or {@link #stop}): doors close, turns in flight finish or time out, entities move, the node leaves, the journal closes.
 */
public final class Node {
  /** How long a process that exits waits for those who compute in native code. */
  private static final Duration COMPUTE_END = Duration.ofSeconds(10);

  private final Config config;
  private final NodeSettings settings;
  private final URI door;
  private final URI management;
  private final JournalDatabase database;
  private final ActorSystem<Void> system;
  private final PrometheusMeterRegistry metrics =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Clock clock;
  private final Map<Class<?>, Object> services = new ConcurrentHashMap<>();
  private final Map<String, IntSupplier> entityCounts = new LinkedHashMap<>();
  private final Map<String, DueTimers.Waker> wakers = new HashMap<>();
  private final CompletableFuture<Done> closed = new CompletableFuture<>();

  /**
   * For {@code NodeBoot}.
   *
   * @param door where this node's door will be
   */
  public Node(
      Config config,
      NodeSettings settings,
      URI door,
      URI management,
      JournalDatabase database,
      ActorSystem<Void> system,
      Clock clock) {
    this.config = config;
    this.settings = settings;
    this.door = door;
    this.management = management;
    this.database = database;
    this.system = system;
    this.clock = clock;
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
    return door;
  }

  public URI management() {
    return management;
  }

  /** For work that waits: files, databases, processes. Never for computing. */
  public Executor blockingExecutor() {
    return system.dispatchers().lookup(DispatcherSelector.blocking());
  }

  /**
   * Threads that compute for members, as many as there are tasks. The process does not exit under them: native code that runs while it is unloaded crashes.
   * Tasks must end soon after their member has stopped; the exit waits for them {@link #COMPUTE_END} at most.
   */
  public Executor newComputeExecutor(String name) {
    ExecutorService threads = Executors.newCachedThreadPool(
        Thread.ofPlatform().daemon().name(name + "-", 0).factory());
    CompletableFuture<?> ended = system.getWhenTerminated().toCompletableFuture();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> awaitEnd(ended, threads), "end-of-" + name));
    return threads;
  }

  private static void awaitEnd(CompletableFuture<?> ended, ExecutorService threads) {
    try {
      // Its members stop with it; a shutdown has time limits of its own.
      ended.join();
      threads.shutdown();
      if (!threads.awaitTermination(COMPUTE_END.toMillis(), TimeUnit.MILLISECONDS)) {
        LoggerFactory.getLogger(Node.class)
            .warn("a member computes on after {}; the process exits all the same", COMPUTE_END);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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

  /** How entities are woken, by kind. */
  public Map<String, DueTimers.Waker> wakers() {
    return Map.copyOf(wakers);
  }

  /** How many entities of each kind are in memory. */
  public Map<String, IntSupplier> entityCounts() {
    return Map.copyOf(entityCounts);
  }

  /** For {@code NodeBoot}: close this once the actor system has ended, however it does. */
  public void closeAtTheEnd(Runnable close) {
    system.getWhenTerminated().whenComplete((done, failure) -> {
      try {
        close.run();
      } finally {
        closed.complete(Done.getInstance());
      }
    });
  }

  /** Let a shutdown wait for this, after the doors closed and before entities move. */
  public void drain(String what, Supplier<CompletionStage<Done>> drained) {
    CoordinatedShutdown.get(system)
        .addTask(CoordinatedShutdown.PhaseServiceRequestsDone(), what, drained);
  }

  /** Run this first when the node shuts down, before its doors close: for what would never end by itself. */
  public void whenStopping(Runnable action) {
    CoordinatedShutdown.get(system)
        .addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "stopping", () -> {
          action.run();
          return CompletableFuture.completedFuture(Done.getInstance());
        });
  }

  /** Run this at once when the cluster has removed this node without its wish, before anything drains. */
  public void whenDowned(Runnable action) {
    CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
    shutdown.addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "downed", () -> {
      if (shutdown
          .getShutdownReason()
          .equals(Optional.of(CoordinatedShutdown.clusterDowningReason()))) {
        action.run();
      }
      return CompletableFuture.completedFuture(Done.getInstance());
    });
  }

  /** Whether the shutdown that is under way, if any, was asked for: by a signal or by {@link #stop}. */
  public boolean wasToldToStop() {
    CoordinatedShutdown.Reason reason =
        CoordinatedShutdown.get(system).getShutdownReason().orElse(null);
    return CoordinatedShutdown.jvmExitReason().equals(reason)
        || CoordinatedShutdown.unknownReason().equals(reason);
  }

  /** Leave and end; complete once everything that the node held is closed. */
  public CompletionStage<Done> stop() {
    return CoordinatedShutdown.get(system)
        .runAll(CoordinatedShutdown.unknownReason())
        .thenCombine(closed, (stopped, everything) -> stopped);
  }

  public void awaitTermination() throws InterruptedException {
    try {
      system.getWhenTerminated().toCompletableFuture().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }
}
