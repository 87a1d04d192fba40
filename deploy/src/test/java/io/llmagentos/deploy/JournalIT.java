package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every database under the journal must keep: H2 in a file, H2 over TCP, PostgreSQL. */
class JournalIT {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final String USER = "agentos";
  private static final String PASSWORD = "for-tests-only";
  private static final String SETTINGS = """
      llmagentos.agent { model = scripted, zone = "Europe/Berlin" }
      llmagentos.journal.user = agentos
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set }
          { when = "what alarms", call = alarm_query }
        ]
      }
      """;

  @TempDir
  private Path home = Path.of("");

  @Test
  void shouldKeepItsPromisesInAFile() throws Exception {
    keepsItsPromises("jdbc:h2:file:" + home.resolve("journal") + ";WRITE_DELAY=0");
  }

  @Test
  void shouldKeepItsPromisesOverTcp() throws Exception {
    int port = Distribution.freeBasePort(1) + 300;
    var builder = new ProcessBuilder(
            Distribution.command("database", "--port=" + port, "--dir=" + home.resolve("db")))
        .redirectErrorStream(true)
        .redirectOutput(home.resolve("database.log").toFile());
    builder.environment().put("AGENTOS_JOURNAL_PASSWORD", PASSWORD);
    var database = builder.start();
    try {
      await("the database")
          .atMost(LIMIT)
          .until(() -> Files.readString(home.resolve("database.log")).contains("listens"));
      var url = "jdbc:h2:tcp://127.0.0.1:" + port + "/./journal;WRITE_DELAY=0";
      makesItsSchemaOnce(url);
      keepsItsPromises(url);
    } finally {
      database.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void shouldKeepItsPromisesInPostgres() throws Exception {
    try (var postgres = PostgresServer.start()) {
      makesItsSchemaOnce(postgres.url());
      keepsItsPromises(postgres.url());
    }
    try (var postgres = PostgresServer.start();
        var cluster =
            new LocalCluster("postgres", 3, SETTINGS, "--journal-url=" + postgres.url())) {
      carriesACluster(cluster.begin());
    }
  }

  /** Three processes that find an empty database at the same time. */
  private void makesItsSchemaOnce(String url) throws Exception {
    var programs = Stream.of(0, 1, 2).map(each -> program(url, "schema", each)).toList();
    for (var program : programs) {
      assertThat(program.process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(program.process.exitValue()).as(program.said()).isZero();
    }
  }

  private void keepsItsPromises(String url) throws Exception {
    int acknowledged = 0;
    for (int kill = 0; kill < 2; kill++) {
      try (var writer = program(url, "write", kill)) {
        int enough = acknowledged + 150;
        writer.await(line -> number(line, "writer counted ") >= enough);
        writer.kill();
        acknowledged = writer.lines().stream()
            .mapToInt(line -> number(line, "writer counted "))
            .max()
            .orElseThrow();
      }
    }
    int acked = acknowledged;
    System.out.printf("measured: %s: %d events acknowledged before kills%n", scheme(url), acked);
    int kept;
    try (var reader = program(url, "verify", 2)) {
      reader.await(line -> number(line, "reader recovered ") >= 0);
      kept = reader.lines().stream()
          .mapToInt(line -> number(line, "reader recovered "))
          .max()
          .orElseThrow();
      assertThat(kept).as("recovered, of %s acknowledged", acked).isGreaterThanOrEqualTo(acked);
      reader.await(line -> line.equals("reader rang 1"));
      // Long enough for the timer to be looked up again and for the projection to catch up.
      TimeUnit.SECONDS.sleep(7);
      assertThat(reader.lines()).filteredOn(line -> line.contains("rang 1")).hasSize(1);
      reader.kill();
    }
    try (var rivals = program(url, "conflict", 3)) {
      rivals.await(line -> line.equals("second stopped") || line.equals("second counted 2"));
      assertThat(rivals.lines()).contains("first counted 1").doesNotContain("second counted 1");
      TimeUnit.SECONDS.sleep(3);
      rivals.kill();
    }
    assertThat(
            query(url, "SELECT COUNT(*) FROM event_journal WHERE persistence_id = 'counter|two'"))
        .isEqualTo(1);
    assertThat(query(url, "SELECT COUNT(*) FROM due_timer")).as("timers left").isZero();
    assertThat(query(url, "SELECT COUNT(*) FROM applied WHERE persistence_id = 'counter|one'"))
        .as("events applied, each once")
        .isEqualTo(kept + 1);
    assertThat(query(
            url,
            "SELECT COUNT(DISTINCT sequence) FROM applied WHERE persistence_id = 'counter|one'"))
        .as("different events applied")
        .isEqualTo(kept + 1);
  }

  /** The story of the alarm, short: what was acknowledged survives the session's node. */
  private static void carriesACluster(LocalCluster cluster)
      throws IOException, InterruptedException {
    var door = new Door(cluster.door(0));
    var session =
        door.post("/v1/sessions", Map.of("agent", "assistant")).path("id").asText();
    door.say(session, Story.newTurn(), "wake me up at nine am on friday");
    var address = door.get("/v1/sessions/" + session).path("node").asText();
    int host = cluster.indexOfAddress(address);
    int survivor = cluster.otherThan(host);
    cluster.kill(host);
    long killed = System.nanoTime();
    var last = Story.newTurn();
    var answer = new Door(cluster.door(survivor)).say(session, last, "what alarms do I have");
    assertThat(answer.path("answer").asText()).contains("9:00");
    Story.measured("kill -9 on PostgreSQL, supervised, to the next answer", killed);
    cluster.awaitAllUp();
    Story.assertEveryTurnFinishedOnce(new Door(cluster.door(host)), session, last, 2);
    assertThat(Story.alarmEvents(new Door(cluster.door(host)))).containsExactly("alarm-set");
  }

  private static long query(String url, String sql) throws SQLException {
    try (var connection = DriverManager.getConnection(url, USER, PASSWORD);
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static String scheme(String url) {
    return String.join(":", List.of(url.split(":")).subList(1, 3));
  }

  /** The number after a line's beginning; -1 for another line. */
  private static int number(String line, String beginning) {
    return line.startsWith(beginning)
        ? Integer.parseInt(line.substring(beginning.length()).split(" ", 2)[0])
        : -1;
  }

  private Program program(String url, String mode, int index) {
    try {
      var out = home.resolve(mode + index + ".out");
      var process = new ProcessBuilder(
              Distribution.program(JournalProgram.class, url, USER, PASSWORD, mode))
          .redirectOutput(out.toFile())
          .redirectError(home.resolve(mode + index + ".err").toFile())
          .start();
      return new Program(process, out, home.resolve(mode + index + ".err"));
    } catch (IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
  }

  private record Program(Process process, Path out, Path err) implements AutoCloseable {
    void await(Predicate<String> line) {
      org.awaitility.Awaitility.await("a line of " + out)
          .atMost(LIMIT)
          .pollInterval(Duration.ofMillis(50))
          .until(() -> {
            assertThat(process.isAlive()).as(said()).isTrue();
            return lines().stream().anyMatch(line);
          });
    }

    /** Whole lines only: a kill may cut the last one. */
    List<String> lines() throws IOException {
      var text = Files.readString(out, StandardCharsets.UTF_8);
      return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    String said() throws IOException {
      return Files.readString(out) + Files.readString(err);
    }

    void kill() throws InterruptedException {
      process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
