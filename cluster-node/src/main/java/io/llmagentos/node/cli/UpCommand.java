package io.llmagentos.node.cli;

import io.aeron.driver.MediaDriver;
import io.llmagentos.node.boot.NodeBoot;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code agentos up}: one node in this process, or several as processes of their own. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Start a cluster on this machine and keep it running until Ctrl-C.")
final class UpCommand implements Callable<Integer> {
  @Option(
      names = "--port",
      description =
          "Base port P. Node i: HTTP door P+i, management P+100+i, Artery P+200+i; the database P+300.")
  private int port = 8080;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where journal, logs and settings of the nodes are kept.")
  private Path data = Path.of(".agentos");

  @Option(
      names = "--nodes",
      paramLabel = "N",
      description = "How many nodes, 1 to " + PortPlan.MAX_NODES + ".")
  private int nodes = 1;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description =
          "How many nodes more, for models, learners and rollouts; the others then are core nodes alone.")
  private int workers;

  @Option(names = "--config", paramLabel = "FILE", description = "Settings (HOCON) for every node.")
  private @Nullable Path config;

  @Option(
      names = "--journal-url",
      paramLabel = "URL",
      description =
          "JDBC URL of the journal, such as jdbc:postgresql://host/db; without it an H2 database in DIR.")
  private @Nullable String journalUrl;

  @Option(
      names = "--transport",
      paramLabel = "tcp|tls-tcp|aeron-udp",
      description = "How nodes talk to each other; otherwise as the settings say (tcp).")
  private @Nullable String transport;

  @Override
  public Integer call() throws Exception {
    if (transport != null && !List.of("tcp", "tls-tcp", "aeron-udp").contains(transport)) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "--transport is '" + transport + "'; it can be tcp, tls-tcp or aeron-udp",
          "--transport");
    }
    if (workers < 0) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "--workers is " + workers + ", must be 0 or more",
          "--workers");
    }
    var settings = new UpSettings(
        new PortPlan(port, nodes + workers),
        workers,
        data.toAbsolutePath().normalize(),
        config == null ? null : config.toAbsolutePath(),
        journalUrl,
        transport);
    // A broken file or an unknown key is one error here, not one in each node's log.
    Settings.load(UpSettings.userFile(settings.config()), Optional.empty());
    var lock = lock(settings.data());
    try {
      if (nodes + workers == 1) {
        runHere(settings);
      } else {
        new Supervisor(settings, System.out).run();
      }
    } finally {
      lock.release();
    }
    return 0;
  }

  private static void runHere(UpSettings settings) throws Exception {
    long begun = System.nanoTime();
    var ports = settings.ports();
    ports.requireFree(false);
    Files.createDirectories(settings.nodeDirectory(0));
    // Read by logback.xml at the first log line, which is yet to come.
    System.setProperty(
        "agentos.log.file", settings.nodeDirectory(0).resolve("node.log").toString());
    System.setProperty("agentos.log.to", "FILE");
    var secret = settings.ownsJournal() ? JournalSecret.in(settings.data()) : null;
    System.out.println("starting one node, data in " + settings.data());
    if (settings.startsMediaDriver()) {
      MediaDriver.launch(MediaDriverCommand.context(settings.mediaDriverDirectory()));
    }
    var node = NodeBoot.start(settings.node(0, ports.seeds(0, java.util.Set.of()), secret));
    long pid = ProcessHandle.current().pid();
    new ClusterFile(ports.base(), pid, List.of(ClusterFile.node(ports, 0, pid, true)), null)
        .write(settings.data());
    System.out.printf(
        Locale.ROOT,
        "node 0 is up (1 of 1): %s, %.1f s%n",
        node.door(),
        (System.nanoTime() - begun) / 1e9);
    sayWhereToGo(System.out, ports.base());
    node.awaitTermination();
  }

  static void sayWhereToGo(PrintStream out, int basePort) {
    var port = basePort == 8080 ? "" : " --port " + basePort;
    out.println();
    out.println("  talk to an agent   ./agentos chat assistant" + port);
    out.println("  look at the nodes  ./agentos status" + port);
    out.println(
        "  from a program     curl http://" + PortPlan.HOST + ":" + basePort + "/v1/cluster");
    out.println("  stop               Ctrl-C");
    out.println();
  }

  /** One {@code up} per data directory; the lock goes with the process, however it ends. */
  private static FileLock lock(Path data) throws IOException {
    try {
      Files.createDirectories(data);
      var channel = FileChannel.open(
          data.resolve("up.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      var lock = channel.tryLock();
      if (lock != null) {
        return lock;
      }
      channel.close();
    } catch (OverlappingFileLockException taken) {
      // reported below
    } catch (IOException unusable) {
      throw new AgentOsException(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          "cannot use " + data + ": " + unusable,
          "--data",
          unusable);
    }
    throw new AgentOsException(
        ErrorCode.DATA_DIRECTORY_UNUSABLE,
        data + " is in use by another 'agentos up'; stop that one or choose another --data",
        "--data");
  }
}
