package io.llmagentos.node.cli;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.h2.tools.Server;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The journal's H2 database as a process of its own, for several nodes on one machine. The database is created here, from
 * within, so that no client may create one over TCP.
 */
@Command(
    name = "database",
    hidden = true,
    description = "Run the journal's database (started by 'up').")
final class DatabaseCommand implements Callable<Integer> {
  /** Longer than the nodes take to stop, so that their last writes find the database. */
  private static final Duration AFTER_PARENT = Duration.ofSeconds(7);

  @Option(names = "--port", required = true)
  private int port;

  @Option(names = "--dir", required = true)
  private @Nullable Path directory;

  @Option(names = "--supervised", paramLabel = "PID")
  private @Nullable Long parent;

  @Override
  public Integer call() throws Exception {
    var home = Objects.requireNonNull(directory).toAbsolutePath();
    create(home);
    var server = listen(home);
    if (parent != null) {
      Signals.register("INT", () -> {});
      ParentWatch.onGone(parent, () -> stopAfterNodes(home.resolveSibling("")));
    }
    System.out.println("the journal's database listens on " + server.getURL());
    new CountDownLatch(1).await();
    return 0;
  }

  private static void create(Path home) {
    var password = System.getenv().getOrDefault(JournalSecret.ENVIRONMENT, "");
    try (var connection = DriverManager.getConnection(
        "jdbc:h2:file:" + home.resolve("journal") + ";WRITE_DELAY=0",
        JournalSecret.USER,
        password)) {
      connection.isValid(1);
    } catch (SQLException unusable) {
      throw new AgentOsException(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          "cannot open the journal in " + home + ": " + unusable.getMessage(),
          "--data",
          unusable);
    }
  }

  private Server listen(Path home) {
    try {
      return Server.createTcpServer("-tcpPort", Integer.toString(port), "-baseDir", home.toString())
          .start();
    } catch (SQLException refused) {
      throw new AgentOsException(
          ErrorCode.PORT_IN_USE,
          "port " + port + " for the database: " + refused.getMessage(),
          "--port",
          refused);
    }
  }

  @SuppressWarnings("ThreadJoinLoop")
  private static void stopAfterNodes(Path data) {
    long deadline = System.nanoTime() + AFTER_PARENT.toNanos();
    try {
      for (var node : ClusterFile.read(data).nodes()) {
        while (node.pid() != null
            && ProcessHandle.of(node.pid()).isPresent()
            && System.nanoTime() < deadline) {
          Thread.sleep(100);
        }
      }
    } catch (IOException | InterruptedException unknown) {
      // without the list of nodes there is nobody to wait for
    }
    System.exit(0);
  }
}
