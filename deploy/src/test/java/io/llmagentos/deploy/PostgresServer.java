package io.llmagentos.deploy;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A PostgreSQL of this machine's own programs, in a temporary directory; its server refuses root, which therefore becomes nobody for it. */
final class PostgresServer implements AutoCloseable {
  static final String USER = "agentos";

  private final Process process;
  private final int port;

  private PostgresServer(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Aborts the test where no PostgreSQL is installed. */
  static PostgresServer start() throws IOException, InterruptedException {
    var initdb = find("initdb");
    Assumptions.assumeTrue(initdb.isPresent(), "PostgreSQL's initdb is not installed");
    var home = Files.createTempDirectory("agentos-postgres");
    home.toFile().deleteOnExit();
    if (isRoot()) {
      run(List.of("chown", "nobody", home.toString()), home);
    }
    var data = home.resolve("data").toString();
    run(
        unprivileged(initdb.get().toString(), "-D", data, "-U", USER, "-A", "trust", "--no-sync"),
        home);
    int port = freePort();
    var process = new ProcessBuilder(unprivileged(
            find("postgres").orElseThrow().toString(),
            "-D",
            data,
            "-p",
            Integer.toString(port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories="))
        .directory(home.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
    var server = new PostgresServer(process, port);
    await("PostgreSQL").atMost(Duration.ofMinutes(1)).ignoreExceptions().until(() -> {
      DriverManager.getConnection(server.url(), USER, "").close();
      return true;
    });
    return server;
  }

  String url() {
    return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
  }

  @Override
  public void close() {
    process.destroy();
    try {
      process.waitFor(20, TimeUnit.SECONDS);
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
  }

  private static Optional<Path> find(String program) throws IOException {
    var directories = new ArrayList<>(
        Arrays.stream(System.getenv("PATH").split(":")).map(Path::of).toList());
    var packaged = Path.of("/usr/lib/postgresql");
    if (Files.isDirectory(packaged)) {
      try (Stream<Path> versions = Files.list(packaged)) {
        versions.map(version -> version.resolve("bin")).forEach(directories::add);
      }
    }
    return directories.stream()
        .map(each -> each.resolve(program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static List<String> unprivileged(String... command) {
    var line = new ArrayList<String>();
    if (isRoot()) {
      line.addAll(List.of("setpriv", "--reuid=nobody", "--clear-groups"));
    }
    line.addAll(Arrays.asList(command));
    return line;
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  private static void run(List<String> command, Path directory)
      throws IOException, InterruptedException {
    var log = Files.createTempFile("agentos-postgres", ".log");
    int status = new ProcessBuilder(command)
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start()
        .waitFor();
    var said = Files.readString(log);
    Files.delete(log);
    if (status != 0) {
      throw new IOException(command + " ended with " + status + ": " + said);
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
