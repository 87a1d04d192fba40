package io.llmagentos.bench;

import io.llmagentos.agent.AgentOs;
import io.llmagentos.agent.session.Session;
import io.llmagentos.node.Node;
import io.llmagentos.node.boot.SoloNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingQuery;
import org.apache.pekko.cluster.sharding.typed.GetShardRegionState;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Heap per idle session that had one turn: while it is in memory, after it was passivated, and how fast it is back. Its agent is counted apart. */
@Command(
    name = "idle",
    mixinStandardHelpOptions = true,
    description = "Memory per idle session, passivation and the way back.")
final class IdleBench implements Callable<Integer> {
  private static final int AT_A_TIME = 64;

  @Option(names = "--sessions", description = "How many (default: ${DEFAULT-VALUE}).")
  private int sessions = 10_000;

  @Option(
      names = "--idle-seconds",
      description = "After which a session is passivated (default: ${DEFAULT-VALUE}).")
  private int idleSeconds = 120;

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (SoloNode bench = BenchNode.start(
        Map.of(),
        "pekko.cluster.sharding.passivation.default-idle-strategy.idle-entity.timeout = "
            + idleSeconds + " s")) {
      Node node = bench.node();
      say(node, 500, "warm-up", 1);
      awaitPassivated(node);
      long before = used();
      long opening = System.nanoTime();
      say(node, sessions, "idle", 1);
      report("open, each with one talking turn", opening, before);
      System.out.printf("in memory: %d%n", inMemory(node));
      awaitPassivated(node);
      report("passivated", opening, before);
      long back = System.nanoTime();
      say(node, sessions, "idle", 2);
      report("back, each with its second turn", back, before);
      return 0;
    }
  }

  private void report(String what, long sinceNanos, long before) {
    double seconds = (System.nanoTime() - sinceNanos) / 1e9;
    long after = used();
    System.out.printf(
        "%d sessions %s: %.1f KB heap a session (%d MB before, %d MB after), %.0f a second%n",
        sessions,
        what,
        (after - before) / 1024.0 / sessions,
        before >> 20,
        after >> 20,
        sessions / seconds);
  }

  /** @param turn of each session; those before it must still be known */
  private static void say(Node node, int count, String name, int turn) throws InterruptedException {
    Semaphore inFlight = new Semaphore(AT_A_TIME);
    AtomicInteger wrong = new AtomicInteger();
    for (int i = 0; i < count; i++) {
      inFlight.acquire();
      AgentOs.Dialogue dialogue = AgentOs.on(node).session("assistant", "bench", name + "-" + i);
      dialogue
          .say("hello")
          .thenCompose(said -> dialogue.history())
          .whenComplete((turns, failure) -> {
            if (failure != null || turns.size() != turn) {
              wrong.incrementAndGet();
            }
            inFlight.release();
          });
    }
    inFlight.acquire(AT_A_TIME);
    if (wrong.get() > 0) {
      throw new IllegalStateException(
          wrong + " of " + count + " sessions failed or do not know their " + turn + " turns");
    }
  }

  private static void awaitPassivated(Node node) throws InterruptedException {
    while (inMemory(node) > 0) {
      Thread.sleep(500);
    }
  }

  private static int inMemory(Node node) {
    return AskPattern.<ClusterShardingQuery, ShardRegion.CurrentShardRegionState>ask(
            ClusterSharding.get(node.system()).shardState(),
            replyTo -> new GetShardRegionState(Session.KEY, replyTo),
            Duration.ofSeconds(30),
            node.system().scheduler())
        .toCompletableFuture()
        .join()
        .getShards()
        .stream()
        .mapToInt(shard -> shard.getEntityIds().size())
        .sum();
  }

  /** What lives after collecting twice. */
  private static long used() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed();
  }
}
