package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.llmagentos.agent.session.Decision;
import io.llmagentos.agent.session.InboxIndex;
import io.llmagentos.agent.session.SessionEvent;
import io.llmagentos.agent.session.SessionIndex;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.journal.JournalDatabase;
import io.llmagentos.node.journal.JournalSettings;
import io.llmagentos.node.journal.Projector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every database under the journal must keep: H2 in a file, H2 over TCP, PostgreSQL. */
class JournalIT {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final String USER = PostgresServer.USER;
  private static final String PASSWORD = "for-tests-only";
  private static final int ENOUGH = 150;
  private static final String REFUND = "refund";
  private static final String SETTINGS = """
      llmagentos.model.nano = off
      llmagentos.agent.model = scripted
      llmagentos.agent.budget { principal { per = forever, steps = 100 }, lease-time = 2s }
      llmagentos.journal.user = agentos
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set }
          { when = "what alarms", call = alarm_query }
          { when = "refund order (?<order>\\\\d+)", call = refund }
          { when = "refund order", round = 2, text = "It is refunded." }
        ]
      }
      """;

  private static PostgresServer postgres;

  @TempDir
  private Path home = Path.of("");

  @BeforeAll
  static void startPostgres() throws IOException, SQLException {
    postgres = PostgresServer.start();
  }

  @AfterAll
  static void stopPostgres() throws IOException {
    postgres.close();
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void shouldKeepItsPromisesInAFile() throws Exception {
    keepsItsPromises("jdbc:h2:file:" + home.resolve("journal") + ";WRITE_DELAY=0", 1);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
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
      keepsItsPromises(url, 3);
    } finally {
      database.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void shouldKeepItsPromisesInPostgres() throws Exception {
    keepsItsPromises(postgres.database("promises"), 3);
  }

  /** Events are numbered before they are committed: whoever reads in that order must not pass one over that is still to come. */
  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void shouldApplyOrRefuseAnEventThatIsCommittedLateInPostgres() throws Exception {
    var url = postgres.database("late");
    try (var program = program(url, "serve")) {
      count(program, "reader", 1);
      awaitApplied(program, "counter|one", 1);
      try (var slow = writer(url)) {
        insertUncommitted(slow, "counter|slow");
        count(program, "reader", 2);
        slow.commit();
        awaitApplied(program, "counter|slow", 1);
        awaitApplied(program, "counter|one", 2);
      }
      var frozen = writer(url);
      insertUncommitted(frozen, "counter|frozen");
      count(program, "reader", 3);
      awaitApplied(program, "counter|one", 3);
      assertThatThrownBy(frozen::commit).isInstanceOf(SQLException.class);
      assertThat(program.ask(journalled("counter|frozen"))).isZero();
    }
  }

  /** The agents' tables. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldKeepTheInboxAndTheListOfSessions(boolean inPostgres) throws SQLException {
    var url = inPostgres ? postgres.database("tables") : "jdbc:h2:file:" + home.resolve("tables");
    var projectors = List.<Projector>of(new SessionIndex(), new InboxIndex());
    var at = Instant.parse("2026-11-26T12:00:00Z");
    var later = at.plusSeconds(1);
    try (var database =
        JournalDatabase.open(new JournalSettings(url, USER, PASSWORD, 1), projectors)) {
      var tables = database.dataSource();
      project(
          tables,
          projectors,
          new SessionEvent.SessionOpened("shop", "ann", at, Optional.empty()),
          new SessionEvent.TurnAccepted("t", ContentPart.text("refund order 7"), later),
          new SessionEvent.ApprovalRequested(
              "t", 0, "key", "refund", "{\"order\":7}", "hash", at.plusSeconds(60), at),
          new SessionEvent.CallUnknown("t", 1, 0, "charge", "{}", "hash", "broken \0 pipe", later));
      var open = InboxIndex.open(tables, "acme", 10);
      assertThat(open)
          .extracting(InboxIndex.Item::tool, InboxIndex.Item::kind, InboxIndex.Item::reason)
          .containsExactly(
              tuple("charge", "unknown", "broken \uFFFD pipe"), tuple("refund", "approval", ""));
      assertThat(open.getLast().arguments()).isEqualTo("{\"order\":7}");
      assertThat(open.getLast().expiresAt()).isEqualTo(at.plusSeconds(60));
      assertThat(SessionIndex.read(tables, "acme", "ann", 10))
          .containsExactly(new SessionIndex.Row("s", "shop", at, later, 1));

      project(
          tables,
          projectors,
          new SessionEvent.CallDecided(
              "t", 0, new Decision(Decision.Kind.APPROVED, "hash", "{}", "", "bob", later), true));
      assertThat(InboxIndex.open(tables, "acme", 10)).containsExactly(open.getFirst());
      assertThat(InboxIndex.open(tables, "other", 10)).isEmpty();
      assertThat(InboxIndex.find(tables, "acme", open.getLast().id()))
          .map(InboxIndex.Item::decidedAt)
          .contains(later);
    }
  }

  private static void project(DataSource tables, List<Projector> projectors, SessionEvent... events)
      throws SQLException {
    try (var connection = tables.getConnection()) {
      for (var event : events) {
        for (var projector : projectors) {
          projector.project(
              connection, new Projector.Entry("session|acme/ann/s", 1, event, Instant.EPOCH));
        }
      }
      connection.commit();
    }
  }

  @Test
  void shouldCarryAClusterInPostgres() throws Exception {
    var extension = ShopExtension.write(home, "");
    var url = postgres.database("cluster");
    try (var shop = new ShopServer();
        var cluster = new LocalCluster(
            "postgres", 3, SETTINGS + extension.settings(), "--journal-url=" + url)) {
      cluster.extended(extension.classes(), Map.of(ShopTool.SHOP, shop.url()));
      try {
        carriesTheStory(cluster.begin(), shop);
      } catch (Exception | AssertionError failed) {
        cluster.printLogs();
        throw failed;
      }
    }
  }

  /** @param processes that find the empty database at the same time */
  private void keepsItsPromises(String url, int processes) throws Exception {
    var others = new ArrayList<JournalProcess>();
    while (others.size() < processes - 1) {
      others.add(program(url, "schema"));
    }
    int first = writesUntilItIsKilled(url, ENOUGH);
    for (var other : others) {
      other.awaitEnd();
    }
    int acknowledged = writesUntilItIsKilled(url, first + ENOUGH);
    try (var program = program(url, "serve")) {
      int kept = program.awaitNumber("reader recovered ", 0);
      assertThat(kept)
          .as("recovered, of %s acknowledged", acknowledged)
          .isGreaterThanOrEqualTo(acknowledged);
      ringsAndAppliesOnce(program, kept);
      admitsOneWriter(program);
      program.kill();
    }
  }

  /** Returns how much was acknowledged. */
  private int writesUntilItIsKilled(String url, int enough) throws Exception {
    try (var writer = program(url, "write")) {
      writer.awaitNumber("writer counted ", enough);
      writer.kill();
      return writer.highest("writer counted ");
    }
  }

  /** The timers of all that was counted, and of as much again while two nodes run the projection. */
  private static void ringsAndAppliesOnce(JournalProcess program, int kept) throws IOException {
    int counted = kept + ENOUGH;
    program.count("reader", ENOUGH);
    program.awaitNumber("reader counted ", counted);
    awaitApplied(program, "counter|one", counted);
    program.awaitAnswer("SELECT COUNT(*) FROM due_timer", left -> left == 0);
    int timers = counted / JournalProgram.TIMER_EVERY;
    var rang = "FROM applied WHERE what LIKE 'rang %'";
    assertThat(program.ask("SELECT COUNT(DISTINCT what) " + rang)).isEqualTo(timers);
    assertThat(program.ask("SELECT COUNT(*) " + rang)).as("each rang once").isEqualTo(timers);
    assertAppliedOnce(program, "counter|one", counted + timers);
  }

  private static void admitsOneWriter(JournalProcess program) throws IOException {
    program.await(line -> line.equals("first recovered 0"));
    program.await(line -> line.equals("second recovered 0"));
    count(program, "first", 1);
    program.count("second", 1);
    program.await(line -> line.equals("second stopped") || line.equals("second counted 1"));
    assertThat(program.lines()).doesNotContain("second counted 1");
    count(program, "first", 2);
    awaitApplied(program, "counter|two", 2);
    assertAppliedOnce(program, "counter|two", 2);
  }

  private static void count(JournalProcess program, String counter, int number) throws IOException {
    program.count(counter, 1);
    program.awaitNumber(counter + " counted ", number);
  }

  private static void awaitApplied(JournalProcess program, String id, int count) {
    program.awaitAnswer(
        "SELECT COUNT(*) FROM applied WHERE persistence_id = '" + id + "' AND what = 'counted "
            + count + "'",
        times -> times > 0);
  }

  private static void assertAppliedOnce(JournalProcess program, String id, int events) {
    var applied = "FROM applied WHERE persistence_id = '" + id + "'";
    assertThat(program.ask(journalled(id))).as("events of " + id).isEqualTo(events);
    assertThat(program.ask("SELECT COUNT(DISTINCT sequence_number) " + applied)).isEqualTo(events);
    assertThat(program.ask("SELECT COUNT(*) " + applied)).as("each once").isEqualTo(events);
  }

  private static String journalled(String id) {
    return "SELECT COUNT(*) FROM \"event_journal\" WHERE \"persistence_id\" = '" + id + "'";
  }

  /** A connection as the journal's own. */
  private static Connection writer(String url) throws SQLException {
    var connection = DriverManager.getConnection(url, USER, PASSWORD);
    try (var statement = connection.createStatement()) {
      statement.execute(new JournalSettings(url, USER, PASSWORD, 1)
          .pekko()
          .getString("pekko-persistence-jdbc.shared-databases.slick.db.connectionInitSql"));
    }
    connection.setAutoCommit(false);
    return connection;
  }

  /** What the journal does before it commits an event; the event itself is a copy. */
  private static void insertUncommitted(Connection connection, String id) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(
          "CREATE TEMPORARY TABLE copy ON COMMIT DROP AS"
              + " SELECT * FROM event_journal WHERE persistence_id = 'counter|one' AND sequence_number = 1");
      statement.execute("UPDATE copy SET persistence_id = '" + id
          + "', ordering = nextval('event_journal_ordering_seq')");
      statement.execute("INSERT INTO event_journal SELECT * FROM copy");
      statement.execute("INSERT INTO event_tag SELECT ordering, '"
          + EventProjection.tags(id).iterator().next() + "' FROM copy");
    }
  }

  /** The story of the alarm, short: what was acknowledged survives the session's node. */
  private static void carriesTheStory(LocalCluster cluster, ShopServer shop)
      throws IOException, InterruptedException {
    var door = new Door(cluster.door(0));
    var session = Story.open(door);
    door.say(session, Story.newTurn(), "wake me up at nine am on friday");
    var refund = asksForApproval(door);
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
    decides(new Door(cluster.door(host)), refund, shop);
    Story.assertAccountHasWhatItsSessionsUsed(new Door(cluster.door(host)), session, refund);
  }

  private static String asksForApproval(Door door) throws IOException, InterruptedException {
    var session = door.post("/v1/sessions", Map.of("agent", "shop")).path("id").asText();
    assertThat(door.say(session, REFUND, "refund order 7").path("status").asText())
        .isEqualTo("waiting");
    return session;
  }

  /** The inbox and the list of sessions are tables of the projection. */
  private static void decides(Door door, String session, ShopServer shop)
      throws IOException, InterruptedException {
    var item = Story.awaitInboxItem(door, "approval");
    assertThat(item.path("session").asText()).isEqualTo(session);
    assertThat(item.path("tool").asText()).isEqualTo("refund");
    door.post(
        "/v1/inbox/" + item.path("id").asText() + "/decision",
        Map.of("decision", "approve", "hash", item.path("hash").asText()));
    await("the decision is carried out")
        .atMost(LIMIT)
        .until(() -> door.statusOf(session, REFUND).equals("completed"));
    assertThat(shop.done("/refund")).hasSize(1);
    await("nothing waits for a person")
        .atMost(LIMIT)
        .until(() -> door.get("/v1/inbox").path("data").isEmpty());
    assertThat(door.get("/v1/sessions").path("data").findValuesAsText("id")).contains(session);
  }

  private JournalProcess program(String url, String mode) throws IOException {
    return JournalProcess.start(home, url, USER, PASSWORD, mode);
  }
}
