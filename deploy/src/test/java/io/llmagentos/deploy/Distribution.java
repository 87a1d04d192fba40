package io.llmagentos.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The distribution under test, and a place for what its processes write: a directory below {@code target/clusters}. Its jars are a copy from when
 * the tests began: a build in between must not pull them from under a running JVM.
 */
final class Distribution {
  private static final int LOG_LINES = 60;
  private static final int FIRST_PORT = 20_000;
  private static final int PORTS = 12_000;
  private static final int EACH = 400;
  private static final Path LIB = copy();
  private static final List<String> JVM_FLAGS = List.of(
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow",
      "--add-opens=java.base/java.nio=ALL-UNNAMED",
      "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
      "-XX:+UseCompactObjectHeaders",
      "-Xmx512m");

  private static final String MAIN = "io.llmagentos.node.cli.Main";
  private static final Path OWN_CLASSES = Path.of("target", "test-classes").toAbsolutePath();

  /** Nodes start all the time in these tests: without the record a third of a start is to load and link the same again. */
  private static final List<String> RECORD = record();

  private static int nextPort = (int) (ProcessHandle.current().pid() % 30) * EACH;

  private Distribution() {}

  /** Its jars. */
  static List<Path> jars() throws IOException {
    try (Stream<Path> files = Files.list(LIB)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }

  /** The command line of {@code agentos} with these arguments. */
  static List<String> command(String... arguments) {
    return brief(java("", MAIN, arguments));
  }

  /** The same for processes that compute much: models and trainings need the JVM's better compiler. */
  static List<String> computingCommand(String... arguments) {
    return java("", MAIN, arguments);
  }

  /** The same with further class path entries, such as a directory with a user's subsystem, and the tests' own classes. */
  static List<String> extendedCommand(Path classes, String... arguments) {
    return brief(java(":" + classes + ":" + OWN_CLASSES, MAIN, arguments));
  }

  /** The command line of a test's own program, with the distribution on its class path. */
  static List<String> program(Class<?> main, String... arguments) {
    return brief(java(":" + OWN_CLASSES, main.getName(), arguments));
  }

  /** @param behind class path entries behind the distribution's: a record serves whoever has its class path in front */
  private static List<String> java(String behind, String main, String... arguments) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM_FLAGS);
    command.addAll(RECORD);
    command.addAll(List.of("-cp", LIB + "/*" + behind, main));
    command.addAll(Arrays.asList(arguments));
    return command;
  }

  /** Lives for a minute at most, half of which the better compiler would spend on compiling. */
  private static List<String> brief(List<String> command) {
    command.add(1, "-XX:TieredStopAtLevel=1");
    return command;
  }

  static Path home(String name, int basePort) {
    return Path.of("target", "clusters", name + "-" + basePort).toAbsolutePath();
  }

  /** The ends of all logs below a directory, to standard error. */
  static void printLogs(Path home) {
    try (Stream<Path> files = Files.walk(home)) {
      for (var log :
          files.filter(file -> file.toString().endsWith(".log")).sorted().toList()) {
        var lines = Files.readString(log).lines().toList();
        System.err.println("==== " + log);
        lines
            .subList(Math.max(0, lines.size() - LOG_LINES), lines.size())
            .forEach(System.err::println);
      }
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  /**
   * Free ports as {@code agentos up} plans them, below the range from which systems take ports for outgoing connections. What one cluster was given, the
   * next is not, though nobody listens there yet.
   */
  static synchronized int freeBasePort(int nodes) {
    for (int tried = 0; tried < PORTS; tried += EACH) {
      int base = FIRST_PORT + nextPort;
      nextPort = (nextPort + EACH) % PORTS;
      if (free(base, nodes)) {
        return base;
      }
    }
    throw new IllegalStateException("no free ports for " + nodes + " nodes");
  }

  private static boolean free(int base, int nodes) {
    for (int port : new int[] {base, base + 100, base + 200, base + 300}) {
      for (int node = 0; node < nodes; node++) {
        try (var probe = new ServerSocket()) {
          probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port + node));
        } catch (IOException taken) {
          return false;
        }
      }
    }
    return true;
  }

  /** The flags to start from a record of a start; none if it could not be made, for everything works without. */
  private static List<String> record() {
    var cache = LIB.resolve("agentos.aot");
    var recording = new ArrayList<String>();
    recording.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    recording.addAll(JVM_FLAGS);
    recording.addAll(List.of("-XX:AOTCacheOutput=" + cache, "-cp", LIB + "/*", MAIN, "rehearse"));
    try {
      var process = new ProcessBuilder(recording)
          .redirectErrorStream(true)
          .redirectOutput(LIB.resolve("record.log").toFile())
          .start();
      if (!process.waitFor(5, TimeUnit.MINUTES)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        return List.of();
      }
      return process.exitValue() == 0 && Files.exists(cache)
          ? List.of("-XX:AOTCache=" + cache, "-Xlog:aot=off", "-Xlog:cds=off")
          : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path copy() {
    var source = Path.of(System.getProperty("agentos.distribution", "target/agentos"), "lib");
    try {
      var target = Files.createDirectories(Path.of("target", "frozen").toAbsolutePath());
      var frozen = Files.createTempDirectory(target, "lib");
      try (Stream<Path> jars = Files.list(source)) {
        for (var jar : jars.toList()) {
          Files.copy(jar, frozen.resolve(jar.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
      return frozen;
    } catch (IOException missing) {
      throw new UncheckedIOException("no distribution in " + source + "; run mvn package", missing);
    }
  }
}
