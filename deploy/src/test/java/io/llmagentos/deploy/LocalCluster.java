package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * A cluster of real processes: {@code agentos up} from the {@link Distribution}, on free ports, with a data
 * directory of its own below {@code target/clusters}. Logs stay there; their ends are printed when a test fails.
 */
final class LocalCluster
    implements BeforeAllCallback, AfterAllCallback, TestWatcher, AutoCloseable {
  static final Duration START_LIMIT = Duration.ofMinutes(3);

  /** A dead node must be replaced, and be up again, within this. */
  static final Duration RECOVERY_LIMIT = Duration.ofMinutes(2);

  private static final Duration STOP_LIMIT = Duration.ofMinutes(1);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final int nodes;
  private final int workers;
  private final String settings;
  private final List<String> flags;
  private final Path home;
  private final int basePort;
  private final List<Process> started = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private @Nullable Path classes;
  private boolean computes;
  private boolean shared;

  /**
   * @param settings HOCON for every node
   * @param flags further ones for {@code agentos up}
   */
  LocalCluster(String name, int nodes, String settings, String... flags) {
    this(name, nodes, 0, settings, flags);
  }

  /**
   * @param core nodes, with every role where there are no workers
   * @param workers nodes more
   */
  LocalCluster(String name, int core, int workers, String settings, String... flags) {
    this.workers = workers;
    this.nodes = core + workers;
    this.flags = List.of(flags);
    this.settings = settings;
    this.basePort = Distribution.freeBasePort(nodes);
    this.home = Distribution.home(name, basePort);
  }

  /** With a user's classes in front of the distribution's and with variables for them. Before it begins. */
  LocalCluster extended(Path with, Map<String, String> variables) {
    classes = with;
    environment.putAll(variables);
    return this;
  }

  /** With the JVM's better compiler, for models and trainings. Before it begins. */
  LocalCluster computing() {
    computes = true;
    return this;
  }

  /** For several classes: it begins with the first and ends with the last test of all. */
  LocalCluster shared() {
    shared = true;
    return this;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    if (!shared) {
      begin();
    } else if (context.getRoot().getStore(ExtensionContext.Namespace.GLOBAL).get(home) == null) {
      begin();
      context.getRoot().getStore(ExtensionContext.Namespace.GLOBAL).put(home, this);
    }
  }

  /** For the first time. */
  LocalCluster begin() throws IOException {
    Files.createDirectories(home);
    Files.writeString(home.resolve("settings.conf"), settings);
    up();
    return this;
  }

  /** Start everything on the data that is there, and wait until it is up. */
  void up() throws IOException {
    var arguments = new ArrayList<>(List.of(
        "up",
        "--nodes=" + (nodes - workers),
        "--workers=" + workers,
        "--port=" + basePort,
        "--data=" + data(),
        "--config=" + home.resolve("settings.conf")));
    arguments.addAll(flags);
    var up = start("up.log", arguments.toArray(String[]::new));
    await("the cluster's start")
        .atMost(START_LIMIT)
        .pollInterval(Duration.ofMillis(200))
        .until(() -> {
          assertThat(up.isAlive())
              .as("agentos up still runs; its output:\n" + read(home.resolve("up.log")))
              .isTrue();
          return nodesUp() == nodes;
        });
    awaitAllUp();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (!shared) {
      close();
    }
  }

  /** Whatever is left of it, at once: an orderly end takes seconds for each node. */
  @Override
  public void close() {
    killEverything();
  }

  /** As Ctrl-C does: every node leaves in order. */
  void stop() throws InterruptedException {
    var up = started.getFirst();
    var children = up.descendants().toList();
    up.destroy();
    assertThat(up.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS))
        .as("the launcher ends")
        .isTrue();
    assertThat(children).as("what it started").isNotEmpty().noneMatch(ProcessHandle::isAlive);
  }

  @Override
  public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
    printLogs();
  }

  void printLogs() {
    Distribution.printLogs(home);
  }

  /** Run another command of the distribution against this cluster, with pipes for its streams. */
  ChatProcess chat(String agent) throws IOException {
    var process =
        new ProcessBuilder(Distribution.command("chat", agent, "--port=" + basePort)).start();
    started.add(process);
    return new ChatProcess(process);
  }

  /** Run another command of the distribution to its end; what it says goes to a log of this name. */
  Process command(String log, String... arguments) throws IOException {
    return start(log, arguments);
  }

  Path home() {
    return home;
  }

  String door() {
    return door(indexes().stream().filter(this::isUp).findFirst().orElseThrow());
  }

  int basePort() {
    return basePort;
  }

  /** The data directory, which outlives every process. */
  Path data() {
    return home.resolve("data");
  }

  List<Integer> indexes() {
    return StreamSupport.stream(file().path("nodes").spliterator(), false)
        .map(node -> node.path("index").asInt())
        .toList();
  }

  String door(int index) {
    return node(index).path("door").asText();
  }

  /** A node that is up at this moment, other than one. */
  int otherThan(int index) {
    return indexes().stream()
        .filter(each -> each != index && isUp(each))
        .findFirst()
        .orElseThrow();
  }

  int indexOfAddress(String address) {
    return indexOf("artery_port", address.substring(address.lastIndexOf(':') + 1));
  }

  int indexOfDoor(String door) {
    return indexOf("door", door);
  }

  int oldest() throws IOException, InterruptedException {
    for (var member : members(indexes().stream().filter(this::isUp).findFirst().orElseThrow())) {
      if (member.path("oldest").asBoolean()) {
        return indexOfAddress(member.path("address").asText());
      }
    }
    throw new AssertionError("no member is the oldest");
  }

  long pid(int index) {
    return node(index).path("pid").asLong();
  }

  /** kill -9; returns as soon as the process is gone. */
  void kill(int index) {
    long pid = pid(index);
    var process = ProcessHandle.of(pid)
        .orElseThrow(() -> new AssertionError("node " + index + " has no process"));
    assertThat(process.destroyForcibly()).as("kill -9 of node " + index).isTrue();
    await("the end of pid " + pid).atMost(Duration.ofSeconds(10)).until(() -> !process.isAlive());
  }

  /** kill -9 of the launcher, every node, the database and the other commands, all at once. */
  void killEverything() {
    var processes = started.stream()
        .flatMap(process -> Stream.concat(Stream.of(process.toHandle()), process.descendants()))
        .toList();
    processes.forEach(ProcessHandle::destroyForcibly);
    await("the end of every process")
        .atMost(STOP_LIMIT)
        .until(() -> processes.stream().noneMatch(ProcessHandle::isAlive));
    started.clear();
  }

  /** Wait until every node has a process again and every node counts every node as a member that is up. */
  void awaitAllUp() {
    await("all members up")
        .atMost(RECOVERY_LIMIT)
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptions()
        .until(() -> {
          for (int index : indexes()) {
            var members = members(index);
            if (members.size() != nodes || !all(members, "Up")) {
              return false;
            }
          }
          return nodesUp() == nodes;
        });
  }

  private JsonNode members(int index) throws IOException, InterruptedException {
    return new Door(door(index)).get("/v1/cluster").path("members");
  }

  private static boolean all(JsonNode members, String status) {
    return StreamSupport.stream(members.spliterator(), false)
        .allMatch(member -> member.path("status").asText().equals(status) && member.has("door"));
  }

  private boolean isUp(int index) {
    return node(index).path("up").asBoolean();
  }

  private long nodesUp() {
    return indexes().stream().filter(this::isUp).count();
  }

  private JsonNode node(int index) {
    return file().path("nodes").path(index);
  }

  private int indexOf(String field, String value) {
    return indexes().stream()
        .filter(index -> node(index).path(field).asText().equals(value))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no node has " + field + " " + value));
  }

  private JsonNode file() {
    var file = data().resolve("cluster.json");
    try {
      return Files.exists(file) ? JSON.readTree(file.toFile()) : JSON.createObjectNode();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private Process start(String log, String... arguments) throws IOException {
    var builder = new ProcessBuilder(line(arguments))
        .redirectErrorStream(true)
        .redirectOutput(home.resolve(log).toFile());
    builder.environment().putAll(environment);
    var process = builder.start();
    started.add(process);
    return process;
  }

  private List<String> line(String... arguments) {
    if (classes != null) {
      return Distribution.extendedCommand(classes, arguments);
    }
    return computes ? Distribution.computingCommand(arguments) : Distribution.command(arguments);
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException unreadable) {
      return unreadable.toString();
    }
  }
}
