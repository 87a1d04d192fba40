package io.llmagentos.bench;

import io.llmagentos.agent.AgentOs;
import io.llmagentos.node.Node;
import io.llmagentos.node.boot.SoloNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Heap per idle session that had one turn and is still in memory, its agent counted apart. */
@Command(name = "idle", mixinStandardHelpOptions = true, description = "Memory per idle session.")
final class IdleBench implements Callable<Integer> {
  @Option(names = "--sessions", description = "How many (default: ${DEFAULT-VALUE}).")
  private int sessions = 10_000;

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (SoloNode bench = BenchNode.start(Map.of())) {
      Node node = bench.node();
      open(node, 500, "warm-up");
      long before = used();
      open(node, sessions, "idle");
      long after = used();
      System.out.printf(
          "%d idle sessions of one talking turn each: %.1f KB heap a session (%d MB before, %d MB after)%n",
          sessions, (after - before) / 1024.0 / sessions, before >> 20, after >> 20);
      return 0;
    }
  }

  private static void open(Node node, int count, String name) throws InterruptedException {
    Semaphore inFlight = new Semaphore(64);
    for (int i = 0; i < count; i++) {
      inFlight.acquire();
      AgentOs.on(node)
          .session("assistant", "bench", name + "-" + i)
          .say("hello")
          .whenComplete((turn, failure) -> {
            if (failure != null) {
              System.err.println("a turn failed: " + failure);
            }
            inFlight.release();
          });
    }
    inFlight.acquire(64);
  }

  /** What lives after collecting twice. */
  private static long used() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed();
  }
}
