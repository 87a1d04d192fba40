package io.llmagentos.deploy;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;

/** A real PostgreSQL, its programs from Maven, durable as one in production; its server refuses root and then runs as a user without rights. */
final class PostgresServer implements AutoCloseable {
  static final String USER = "agentos";

  private final EmbeddedPostgres server;

  private PostgresServer(EmbeddedPostgres server) {
    this.server = server;
  }

  static PostgresServer start() throws IOException, SQLException {
    var log = Files.createDirectories(Path.of("target", "clusters").toAbsolutePath())
        .resolve("postgres-" + ProcessHandle.current().pid() + ".log");
    var output = ProcessBuilder.Redirect.appendTo(log.toFile());
    var server = new PostgresServer(EmbeddedPostgres.builder()
        .setServerConfig("fsync", "on")
        .setServerConfig("synchronous_commit", "on")
        .setLocaleConfig("locale", "C")
        .setOutputRedirector(output)
        .setErrorRedirector(output)
        .setPGStartupWait(Duration.ofMinutes(1))
        .start());
    server.execute("CREATE ROLE " + USER + " LOGIN");
    return server;
  }

  /** A new, empty database, which {@link #USER} owns and nobody needs a password for; returns its URL. */
  String database(String name) throws SQLException {
    execute("CREATE DATABASE " + name + " OWNER " + USER);
    return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/" + name;
  }

  private void execute(String sql) throws SQLException {
    try (var connection = server.getPostgresDatabase().getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
