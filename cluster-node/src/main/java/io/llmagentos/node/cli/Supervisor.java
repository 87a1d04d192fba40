package io.llmagentos.node.cli;

import com.typesafe.config.ConfigRenderOptions;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster on one machine: the database, N node processes, and what happens when one of them dies.
 *
 * <p>A process exit is certain knowledge, so the other nodes are told at once and take over without waiting for a failure
 * detector; only then is the dead node started again, with a growing delay. All changes of state run on one thread, in the
 * order in which exits are seen. Children watch this process and stop by themselves when it is killed.
 */
final class Supervisor {
  private static final String DATABASE = "the journal's database";
  private static final Duration START_LIMIT = Duration.ofMinutes(3);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

  private final UpSettings settings;
  private final PortPlan ports;
  private final PrintStream out;
  private final @Nullable JournalSecret secret;
  private final @Nullable ChildProcess database;
  private final @Nullable ChildProcess mediaDriver;
  private final List<ChildProcess> nodes = new ArrayList<>();
  private final Set<Integer> up = ConcurrentHashMap.newKeySet();
  private final MembershipClient membership = new MembershipClient();
  private final CompletableFuture<Void> startUpFailure = new CompletableFuture<>();
  private final ScheduledExecutorService events =
      Executors.newSingleThreadScheduledExecutor(task -> daemon("supervisor", task));
  private volatile boolean booted;
  private volatile boolean stopping;

  Supervisor(UpSettings settings, PrintStream out) {
    this.settings = settings;
    this.ports = settings.ports();
    this.out = out;
    this.secret = settings.ownsJournal() ? JournalSecret.in(settings.data()) : null;
    this.database = secret == null ? null : databaseProcess(secret);
    this.mediaDriver = settings.startsMediaDriver() ? mediaDriverProcess() : null;
    for (int node = 0; node < ports.nodes(); node++) {
      nodes.add(nodeProcess(node));
    }
  }

  /** Bring the cluster up and keep it so until this JVM is told to stop. */
  void run() throws IOException, InterruptedException {
    ports.requireFree(database != null);
    Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "stop-cluster"));
    try {
      bringUp();
    } catch (AgentOsException failed) {
      stop();
      throw failed;
    }
    new CountDownLatch(1).await();
  }

  private void bringUp() throws IOException, InterruptedException {
    long begun = System.nanoTime();
    out.println("starting " + ports.nodes() + " nodes, data in " + settings.data());
    if (mediaDriver != null) {
      startHelper("the media driver", mediaDriver);
    }
    if (database != null) {
      startHelper(DATABASE, database);
      awaitUp(DATABASE, database, () -> answers(ports.database()));
      out.printf("the journal's database is up: port %d, %s%n", ports.database(), seconds(begun));
    }
    long nodesBegun = System.nanoTime();
    for (int node = 0; node < nodes.size(); node++) {
      startNode(node, Set.of());
    }
    for (int node = 0; node < nodes.size(); node++) {
      int index = node;
      awaitUp("node " + node, nodes.get(node), () -> membership.isUp(ports, index));
      up.add(node);
      writeFile();
      out.printf(
          "node %d is up (%d of %d): %s, %s%n",
          node, node + 1, ports.nodes(), door(node), seconds(nodesBegun));
    }
    booted = true;
    UpCommand.sayWhereToGo(out, ports.base());
  }

  private void awaitUp(
      String name, ChildProcess child, java.util.function.BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (!child.isAlive()) {
        throw new AgentOsException(
            ErrorCode.UNAVAILABLE,
            name + " stopped while it started; its log " + child.log() + " ends with\n"
                + child.tail());
      }
      if (System.nanoTime() > deadline) {
        throw new AgentOsException(
            ErrorCode.UNAVAILABLE,
            name + " was not up after " + START_LIMIT.toSeconds() + " s; see " + child.log());
      }
      try {
        startUpFailure.get(100, TimeUnit.MILLISECONDS);
      } catch (java.util.concurrent.TimeoutException fine) {
        // no child has stopped meanwhile
      } catch (ExecutionException failed) {
        throw failed.getCause() instanceof AgentOsException typed
            ? typed
            : new IllegalStateException(failed);
      }
    }
  }

  /** A process that all nodes need. */
  private void startHelper(String name, ChildProcess child) throws IOException {
    watch(name, child, child.start(), () -> restartHelper(name, child));
    writeFile();
  }

  private void restartHelper(String name, ChildProcess child) {
    later(child.restartDelay(), () -> {
      try {
        startHelper(name, child);
        out.println(name + " was started again");
      } catch (IOException failed) {
        out.println(name + " cannot be started: " + failed.getMessage());
        restartHelper(name, child);
      }
    });
  }

  private void startNode(int node, Set<Integer> members) throws IOException {
    var directory = settings.nodeDirectory(node);
    java.nio.file.Files.createDirectories(directory);
    PrivateFile.replace(
        directory.resolve("node.conf"),
        settings
            .node(node, ports.seeds(node, members), secret)
            .root()
            .render(ConfigRenderOptions.concise().setFormatted(true).setJson(false)));
    var child = nodes.get(node);
    watch("node " + node, child, child.start(), () -> nodeDied(node));
    writeFile();
  }

  /** Have {@code died} run on the event thread once the process has ended, unless everything is to stop. */
  private void watch(String name, ChildProcess child, Process process, Runnable died) {
    var unused = process
        .onExit()
        .thenAcceptAsync(
            ended -> {
              if (stopping) {
                return;
              }
              out.println(name + " (pid " + ended.pid() + ") exited unexpectedly: "
                  + status(ended.exitValue()));
              if (booted) {
                died.run();
              } else {
                startUpFailure.completeExceptionally(new AgentOsException(
                    ErrorCode.UNAVAILABLE,
                    name + " stopped while the cluster started; its log " + child.log()
                        + " ends with\n" + child.tail()));
              }
            },
            events);
  }

  private void nodeDied(int node) {
    up.remove(node);
    writeFile();
    var survivors = up.stream().sorted().map(ports::management).toList();
    var delay = nodes.get(node).restartDelay();
    long died = System.nanoTime();
    // Never tell of the exit after the restart: the address would then name the new process.
    var unused = membership
        .exited(ports.address(node), survivors)
        .thenAcceptAsync(
            told -> {
              if (told) {
                out.printf(
                    "node %d: told the others, they take over from %s%n",
                    node, ports.address(node));
              }
              var rest = delay.minusNanos(System.nanoTime() - died);
              later(rest.isNegative() ? Duration.ZERO : rest, () -> restartNode(node));
            },
            events);
  }

  private void restartNode(int node) {
    try {
      startNode(node, Set.copyOf(up));
      out.println("node " + node + " starts again (pid " + nodes.get(node).pid() + ")");
      var process = nodes.get(node).process();
      long begun = System.nanoTime();
      daemon("await-node-" + node, () -> awaitBack(node, process, begun)).start();
    } catch (IOException failed) {
      out.println("node " + node + " cannot be started: " + failed.getMessage());
      later(nodes.get(node).restartDelay(), () -> restartNode(node));
    }
  }

  private void awaitBack(int node, @Nullable Process process, long begun) {
    while (process != null && process.isAlive() && !stopping) {
      if (membership.isUp(ports, node)) {
        events.execute(() -> {
          if (process.isAlive() && up.add(node)) {
            writeFile();
            out.printf("node %d is up again: %s, %s%n", node, door(node), seconds(begun));
          }
        });
        return;
      }
      try {
        Thread.sleep(100);
      } catch (InterruptedException ended) {
        return;
      }
    }
  }

  private synchronized void stop() {
    if (stopping) {
      return;
    }
    stopping = true;
    events.shutdownNow();
    out.println("stopping " + nodes.size() + " nodes");
    stopAll(nodes);
    stopAll(Stream.of(database, mediaDriver).filter(Objects::nonNull).toList());
    out.println("stopped");
  }

  private void stopAll(List<ChildProcess> children) {
    var processes =
        children.stream().map(ChildProcess::process).filter(Objects::nonNull).toList();
    processes.forEach(Process::destroy);
    long deadline = System.nanoTime() + STOP_LIMIT.toNanos();
    for (var process : processes) {
      try {
        if (!process.waitFor(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
          out.println("pid " + process.pid() + " did not stop within " + STOP_LIMIT.toSeconds()
              + " s: killed");
          process.destroyForcibly().waitFor(1, TimeUnit.SECONDS);
        }
      } catch (InterruptedException hurried) {
        process.destroyForcibly();
      }
    }
  }

  private synchronized void writeFile() {
    var entries = new ArrayList<ClusterFile.NodeEntry>();
    for (int node = 0; node < nodes.size(); node++) {
      entries.add(ClusterFile.node(ports, node, nodes.get(node).pid(), up.contains(node)));
    }
    var databasePid = database == null ? null : database.pid();
    var entry =
        databasePid == null ? null : new ClusterFile.DatabaseEntry(databasePid, ports.database());
    try {
      new ClusterFile(ports.base(), ProcessHandle.current().pid(), entries, entry)
          .write(settings.data());
    } catch (IOException unusable) {
      out.println("cannot write " + settings.data().resolve(ClusterFile.NAME) + ": " + unusable);
    }
  }

  private ChildProcess databaseProcess(JournalSecret credentials) {
    return new ChildProcess(
        settings.journalDirectory().resolve("database.log"),
        List.of("-Xmx512m", "-Dh2.bindAddress=" + PortPlan.HOST),
        List.of(
            "database",
            "--port=" + ports.database(),
            "--dir=" + settings.journalDirectory(),
            "--supervised=" + ProcessHandle.current().pid()),
        Map.of(JournalSecret.ENVIRONMENT, credentials.password()));
  }

  private ChildProcess mediaDriverProcess() {
    return new ChildProcess(
        settings.data().resolve("media-driver.log"),
        List.of("-Xmx64m"),
        List.of(
            "media-driver",
            "--dir=" + settings.mediaDriverDirectory(),
            "--supervised=" + ProcessHandle.current().pid()),
        Map.of());
  }

  private ChildProcess nodeProcess(int node) {
    Path directory = settings.nodeDirectory(node);
    return new ChildProcess(
        directory.resolve("node.log"),
        List.of(),
        List.of(
            "node",
            "--settings=" + directory.resolve("node.conf"),
            "--supervised=" + ProcessHandle.current().pid()),
        Map.of());
  }

  private void later(Duration delay, Runnable task) {
    var unused = events.schedule(
        () -> {
          if (!stopping) {
            task.run();
          }
        },
        delay.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  private String door(int node) {
    return "http://" + PortPlan.HOST + ":" + ports.door(node);
  }

  private static boolean answers(int port) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  private static String seconds(long sinceNanos) {
    return String.format(java.util.Locale.ROOT, "%.1f s", (System.nanoTime() - sinceNanos) / 1e9);
  }

  private static String status(int exit) {
    return exit > 128 ? "signal " + (exit - 128) : "status " + exit;
  }

  private static Thread daemon(String name, Runnable task) {
    return Thread.ofPlatform().daemon().name(name).unstarted(task);
  }
}
