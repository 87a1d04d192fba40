package io.llmagentos.node.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JVM like this one (same JDK, flags and class path) that runs another {@code agentos} command; its output goes to a log file. */
final class ChildProcess {
  private static final int TAIL_LINES = 12;

  private final Path log;
  private final List<String> flags;
  private final List<String> command;
  private final Map<String, String> environment;
  private final Backoff backoff = new Backoff();
  private @Nullable Process process;
  private long startedNanos;

  /** @param flags JVM flags on top of this JVM's own */
  ChildProcess(
      Path log, List<String> flags, List<String> command, Map<String, String> environment) {
    this.log = log;
    this.flags = List.copyOf(flags);
    this.command = List.copyOf(command);
    this.environment = Map.copyOf(environment);
  }

  Process start() throws IOException {
    Files.createDirectories(log.toAbsolutePath().getParent());
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (var flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (!flag.startsWith("-agentlib:") && !flag.startsWith("-javaagent:")) {
        line.add(flag);
      }
    }
    line.addAll(flags);
    line.add(Main.class.getName());
    line.addAll(command);
    var builder = new ProcessBuilder(line)
        .redirectErrorStream(true)
        .redirectInput(ProcessBuilder.Redirect.from(devNull().toFile()))
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().putAll(environment);
    startedNanos = System.nanoTime();
    var started = builder.start();
    process = started;
    return started;
  }

  boolean isAlive() {
    return process != null && process.isAlive();
  }

  @Nullable
  Process process() {
    return process;
  }

  @Nullable
  Long pid() {
    return process != null && process.isAlive() ? process.pid() : null;
  }

  Duration lived() {
    return Duration.ofNanos(System.nanoTime() - startedNanos);
  }

  /** To be called once an exit: the delay before the next start. */
  Duration restartDelay() {
    return backoff.next(lived());
  }

  Path log() {
    return log;
  }

  /** The last lines of its log, for a person to read. */
  String tail() {
    try {
      var lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    } catch (IOException unreadable) {
      return "";
    }
  }

  private static Path devNull() {
    return Path.of(System.getProperty("os.name").startsWith("Windows") ? "NUL" : "/dev/null");
  }
}
