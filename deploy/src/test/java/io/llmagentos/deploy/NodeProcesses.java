package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * Node processes that nobody supervises: whoever kills or stops one finds out what the others notice by themselves. They share a journal in an H2
 * process of their own, unless the settings name another.
 */
final class NodeProcesses implements BeforeAllCallback, AfterAllCallback, TestWatcher {
  private static final String PASSWORD = "for-tests-only";

  private final int nodes;
  private final String settings;
  private final IntFunction<String> ownSettings;
  private final Path home;
  private final int base;
  private final Map<Integer, Process> running = new HashMap<>();
  private @Nullable Process database;

  /** @param settings HOCON for every node */
  NodeProcesses(String name, int nodes, String settings) {
    this(name, nodes, settings, node -> "");
  }

  /** @param ownSettings HOCON for one node, above the settings for every node */
  NodeProcesses(String name, int nodes, String settings, IntFunction<String> ownSettings) {
    this.nodes = nodes;
    this.settings = settings;
    this.ownSettings = ownSettings;
    this.base = Distribution.freeBasePort(2 * nodes);
    this.home = Distribution.home(name, base);
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    Files.createDirectories(home);
    startDatabase();
    for (int node = 0; node < nodes; node++) {
      start(node);
    }
    awaitMembers(indexes());
  }

  private void startDatabase() throws IOException {
    var builder = new ProcessBuilder(Distribution.command(
            "database", "--port=" + (base + 300), "--dir=" + home.resolve("journal")))
        .redirectErrorStream(true)
        .redirectOutput(home.resolve("database.log").toFile());
    builder.environment().put("AGENTOS_JOURNAL_PASSWORD", PASSWORD);
    database = builder.start();
    await("the database")
        .atMost(LocalCluster.START_LIMIT)
        .until(() -> Files.readString(home.resolve("database.log")).contains("listens"));
  }

  /** Start a node, with further settings above all others. */
  Process start(int node, String... overrides) throws IOException {
    var file = settingsFile(node, String.join("\n", overrides));
    return launch(node, Distribution.command("node", "--settings=" + file));
  }

  /** Start one more node, which joins through the others, with its own classes on the class path. */
  Process startExtended(Path classes) throws IOException {
    var file = settingsFile(nodes, "");
    return launch(nodes, Distribution.extendedCommand(classes, "node", "--settings=" + file));
  }

  private Path settingsFile(int node, String overrides) throws IOException {
    var directory = Files.createDirectories(home.resolve("node-" + node));
    var seeds = IntStream.range(0, nodes)
        .mapToObj(each -> "\"127.0.0.1:" + artery(each) + "\"")
        .collect(Collectors.joining(", "));
    var file = directory.resolve("node.conf");
    Files.writeString(
        file,
        settings
            + """
            llmagentos.node { artery-port = %d, data-dir = "%s", seed-nodes = [%s] }
            llmagentos.http { port = %d, management-port = %d }
            llmagentos.journal { url = "jdbc:h2:tcp://127.0.0.1:%d/./journal;WRITE_DELAY=0", user = agentos, password = "%s" }
            """.formatted(
                    artery(node),
                    directory.resolve("data"),
                    seeds,
                    base + node,
                    base + 100 + node,
                    base + 300,
                    PASSWORD)
            + String.join("\n", ownSettings.apply(node), overrides));
    return file;
  }

  private Process launch(int node, List<String> command) throws IOException {
    var process = new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log(node).toFile()))
        .start();
    running.put(node, process);
    return process;
  }

  @Override
  public void afterAll(ExtensionContext context) throws InterruptedException {
    for (var process : running.values()) {
      process.destroyForcibly().waitFor();
    }
    if (database != null) {
      database.destroyForcibly();
    }
  }

  @Override
  public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
    Distribution.printLogs(home);
  }

  List<Integer> indexes() {
    return IntStream.range(0, nodes).boxed().toList();
  }

  Process process(int node) {
    return java.util.Objects.requireNonNull(running.get(node), "node " + node + " was not started");
  }

  int artery(int node) {
    return base + 200 + node;
  }

  /** A port that is free for a node to listen on for the others, where they reach it elsewhere. */
  int bindPort(int node) {
    return base + 200 + nodes + node;
  }

  Door door(int node) {
    return new Door("http://127.0.0.1:" + (base + node));
  }

  Path log(int node) {
    return home.resolve("node-" + node).resolve("node.log");
  }

  Path journalDirectory() {
    return home.resolve("journal");
  }

  /** kill -9; returns as soon as the process is gone. */
  void kill(int node) throws InterruptedException {
    assertThat(process(node).destroyForcibly().waitFor(10, TimeUnit.SECONDS)).isTrue();
  }

  /** Freeze a node as a long pause would: its ports still accept, nobody answers. */
  void freeze(int node) throws InterruptedException {
    signal(process(node), "STOP");
  }

  void thaw(int node) throws InterruptedException {
    signal(process(node), "CONT");
  }

  private static void signal(Process process, String signal) throws InterruptedException {
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
          .start()
          .waitFor();
    } catch (IOException missing) {
      throw new IllegalStateException(missing);
    }
  }

  /** The node that a session or the shard coordinators live on, by an address. */
  int indexOf(String address) {
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1)) - base - 200;
  }

  int hostOf(String session, int through) throws IOException, InterruptedException {
    return indexOf(door(through).get("/v1/sessions/" + session).path("node").asText());
  }

  /** A new session of the assistant that lives on this node. */
  String sessionOn(int node, int through) throws IOException, InterruptedException {
    return sessionOn(node, through, "assistant");
  }

  String sessionOn(int node, int through, String agent) throws IOException, InterruptedException {
    while (true) {
      var session = Story.open(door(through), agent);
      if (hostOf(session, through) == node) {
        return session;
      }
    }
  }

  /** Wait until a turn is accepted and has not ended. */
  void awaitRunning(int through, String session, String turn) {
    await("the turn is accepted")
        .atMost(LocalCluster.RECOVERY_LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> door(through).statusOf(session, turn).equals("running"));
  }

  /** Whether a node's door refuses connections. */
  boolean refuses(int node) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), base + node), 1000);
      return false;
    } catch (IOException refused) {
      return true;
    }
  }

  int oldest(int through) throws IOException, InterruptedException {
    for (var member : members(through)) {
      if (member.path("oldest").asBoolean()) {
        return indexOf(member.path("address").asText());
      }
    }
    throw new AssertionError("no member is the oldest");
  }

  /** Wait until each of these nodes counts exactly these nodes as members that are up. */
  void awaitMembers(List<Integer> expected) {
    await("members " + expected)
        .atMost(LocalCluster.RECOVERY_LIMIT)
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptions()
        .until(() -> {
          for (int node : expected) {
            var up = StreamSupport.stream(members(node).spliterator(), false)
                .filter(member -> member.path("status").asText().equals("Up") && member.has("door"))
                .map(member -> indexOf(member.path("address").asText()))
                .collect(Collectors.toSet());
            if (!up.equals(java.util.Set.copyOf(expected))
                || members(node).size() != expected.size()) {
              return false;
            }
          }
          return true;
        });
  }

  private JsonNode members(int through) throws IOException, InterruptedException {
    return door(through).get("/v1/cluster").path("members");
  }
}
