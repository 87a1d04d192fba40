package io.llmagentos.node.cli;

import io.llmagentos.node.Node;
import io.llmagentos.node.boot.NodeBoot;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** One node in this process, from settings files: how the supervisor, a container or a service manager starts it. */
@Command(name = "node", hidden = true, description = "Run one node from settings files.")
final class NodeCommand implements Callable<Integer> {
  /** Exit status of a node that the others removed. */
  static final int DOWNED = 3;

  /** How long a node whose supervisor vanished may take to leave. */
  private static final Duration LEAVE = Duration.ofSeconds(5);

  @Option(names = "--settings", paramLabel = "FILE", description = "Settings of this node (HOCON).")
  private @Nullable Path settings;

  @Option(
      names = "--supervised",
      paramLabel = "PID",
      description = "Stop when this process is gone.")
  private @Nullable Long parent;

  @Override
  public Integer call() throws Exception {
    if (parent != null) {
      Signals.register(
          "INT",
          () -> {}); // a terminal's Ctrl-C reaches the whole group: the supervisor decides the
      // order
    }
    var node = NodeBoot.start(UpSettings.userFile(settings));
    if (parent != null) {
      ParentWatch.onGone(parent, () -> leave(node));
    }
    // A JVM that a signal ends exits with the signal's number, also after an orderly shutdown.
    Signals.register("TERM", node::stop);
    // The others have moved on without it: what it still does can only conflict with them.
    node.whenDowned(() -> {
      System.err.println(
          "error: unavailable: the other nodes took this one for dead; it ends here");
      Runtime.getRuntime().halt(DOWNED);
    });
    node.awaitTermination();
    if (!node.wasToldToStop()) {
      throw new AgentOsException(
          ErrorCode.UNAVAILABLE, "the node ended, although nobody told it to; see its log");
    }
    return 0;
  }

  private static void leave(Node node) {
    try {
      node.stop().toCompletableFuture().get(LEAVE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException late) {
      System.err.println("did not leave in time: " + late);
    }
    Runtime.getRuntime().halt(0);
  }
}
