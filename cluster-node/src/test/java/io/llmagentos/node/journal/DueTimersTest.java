package io.llmagentos.node.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DueTimersTest {
  private static final Instant NOW = Instant.parse("2026-03-01T09:00:00Z");

  private final ActorTestKit testKit = ActorTestKit.create();
  private final JdbcDataSource database = new JdbcDataSource();

  @BeforeEach
  void createTable() throws SQLException {
    database.setURL(
        "jdbc:h2:mem:due-timers-" + System.identityHashCode(this) + ";DB_CLOSE_DELAY=-1");
    for (String sql : EventProjection.SCHEMA) {
      if (sql.contains("due_timer")) {
        execute(sql);
      }
    }
  }

  @AfterEach
  void shutDown() throws SQLException {
    testKit.shutdownTestKit();
    execute("SHUTDOWN");
  }

  @Test
  void shouldWakeWhatIsDueAndNothingElse() throws SQLException {
    insert("counter|one", "late", NOW.minusSeconds(3600));
    insert("counter|two", "now", NOW);
    insert("counter|three", "later", NOW.plusMillis(1));
    var woken = testKit.<String>createTestProbe();
    poll(Map.of("counter", (id, timer) -> woken.ref().tell(id + " " + timer)));
    assertThat(List.of(woken.receiveMessage(), woken.receiveMessage()))
        .containsExactly("one late", "two now");
    insert("counter|four", "last", NOW);
    woken.expectMessage("four last");
  }

  @Test
  void shouldNotLetTimersThatNobodyClearsHoldUpOthers() throws SQLException {
    for (int stuck = 0; stuck < 600; stuck++) {
      insert("stuck|" + stuck, "timer", NOW.minusSeconds(60));
    }
    insert("counter|one", "due", NOW);
    var woken = testKit.<String>createTestProbe();
    poll(Map.of(
        "stuck", (id, timer) -> {}, "counter", (id, timer) -> woken.ref().tell(id + " " + timer)));
    woken.expectMessage(Duration.ofSeconds(30), "one due");
  }

  @Test
  void shouldWakeAgainWhatNobodyClearedWhenTheClockWasSetBack() throws SQLException {
    insert("counter|one", "due", NOW.minus(Duration.ofDays(2)));
    var now = new AtomicReference<>(NOW);
    var woken = testKit.<String>createTestProbe();
    poll(now::get, Map.of("counter", (id, timer) -> woken.ref().tell(id + " " + timer)));
    woken.expectMessage(Duration.ofSeconds(30), "one due");
    now.set(NOW.minus(Duration.ofDays(1)));
    woken.expectMessage(Duration.ofSeconds(30), "one due");
  }

  private void poll(Map<String, DueTimers.Waker> wakers) {
    poll(InstantSource.fixed(NOW), wakers);
  }

  private void poll(InstantSource now, Map<String, DueTimers.Waker> wakers) {
    testKit.spawn(DueTimers.create(
        database,
        testKit.system().dispatchers().lookup(DispatcherSelector.blocking()),
        now.withZone(ZoneOffset.UTC),
        Duration.ofMillis(10),
        wakers));
  }

  private void insert(String persistenceId, String timer, Instant due) throws SQLException {
    execute("INSERT INTO due_timer (persistence_id, timer, due_at) VALUES ('" + persistenceId
        + "', '" + timer + "', " + due.toEpochMilli() + ")");
  }

  private void execute(String sql) throws SQLException {
    try (var connection = database.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
