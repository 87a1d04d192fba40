package io.llmagentos.node.journal;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.ShardedDaemonProcessSettings;
import org.apache.pekko.cluster.sharding.typed.javadsl.ShardedDaemonProcess;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.persistence.jdbc.query.javadsl.JdbcReadJournal;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.Sequence;
import org.apache.pekko.projection.Projection;
import org.apache.pekko.projection.ProjectionBehavior;
import org.apache.pekko.projection.ProjectionId;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.eventsourced.javadsl.EventSourcedProvider;
import org.apache.pekko.projection.javadsl.SourceProvider;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.apache.pekko.projection.jdbc.javadsl.JdbcProjection;

/**
 * The one projection: reads every tagged event in journal order and keeps the tables of due timers and of the subsystems. Split by tag into a
 * fixed number of parts, each running on one {@code core} node. Eventually consistent, usually within a second.
 */
public final class EventProjection {
  /** Parts of the projection, and so the number of tags. Changing it needs the tables rebuilt. */
  public static final int PARTS = 2;

  static final List<String> SCHEMA = List.of("""
      CREATE TABLE IF NOT EXISTS "pekko_projection_offset_store" (
        "projection_name" VARCHAR(255) NOT NULL, "projection_key" VARCHAR(255) NOT NULL, "current_offset" VARCHAR(255) NOT NULL,
        "manifest" VARCHAR(32) NOT NULL, "mergeable" BOOLEAN NOT NULL, "last_updated" BIGINT NOT NULL,
        PRIMARY KEY ("projection_name", "projection_key"))""", """
      CREATE TABLE IF NOT EXISTS "pekko_projection_management" (
        "projection_name" VARCHAR(255) NOT NULL, "projection_key" VARCHAR(255) NOT NULL, "paused" BOOLEAN NOT NULL,
        "last_updated" BIGINT NOT NULL, PRIMARY KEY ("projection_name", "projection_key"))""", """
      CREATE INDEX IF NOT EXISTS "event_tag_tag_idx" ON "event_tag" ("tag", "event_id")""", """
      CREATE TABLE IF NOT EXISTS due_timer (
        persistence_id VARCHAR(255) NOT NULL, timer VARCHAR(255) NOT NULL, due_at BIGINT NOT NULL, PRIMARY KEY (persistence_id, timer))""", """
      CREATE INDEX IF NOT EXISTS due_timer_due_at ON due_timer (due_at)""", """
      CREATE TABLE IF NOT EXISTS projected (part VARCHAR(255) NOT NULL PRIMARY KEY, ordering BIGINT NOT NULL)""");

  private EventProjection() {}

  /** The tags under which an entity's events are read. */
  public static Set<String> tags(String persistenceId) {
    return Set.of(tag(Math.floorMod(persistenceId.hashCode(), PARTS)));
  }

  private static String tag(int part) {
    return "part-" + part;
  }

  public static void start(ActorSystem<?> system, DataSource database, List<Projector> projectors) {
    ShardedDaemonProcess.get(system)
        .init(
            ProjectionBehavior.Command.class,
            "event-projection",
            PARTS,
            part -> ProjectionBehavior.create(projection(system, database, projectors, tag(part))),
            ShardedDaemonProcessSettings.create(system).withRole("core"),
            Optional.of(ProjectionBehavior.stopMessage()));
  }

  private static Projection<EventEnvelope<JournalEvent>> projection(
      ActorSystem<?> system, DataSource database, List<Projector> projectors, String tag) {
    SourceProvider<Offset, EventEnvelope<JournalEvent>> source =
        EventSourcedProvider.eventsByTag(system, JdbcReadJournal.Identifier(), tag);
    return JdbcProjection.groupedWithin(
            ProjectionId.of("tables", tag),
            source,
            () -> new Session(database),
            () -> new Handler(tag, projectors),
            system)
        .withGroup(256, Duration.ofMillis(50))
        .withRestartBackoff(Duration.ofMillis(500), Duration.ofSeconds(10), 0.2);
  }

  private static final class Handler
      extends JdbcHandler<List<EventEnvelope<JournalEvent>>, Session> {
    private final String part;
    private final List<Projector> projectors;

    Handler(String part, List<Projector> projectors) {
      this.part = part;
      this.projectors = projectors;
    }

    /**
     * Two nodes may run this part for a while, each unaware of the other: after a partition, or when one was frozen. The offset's row, which is
     * written before, lets one transaction at a time in here; what {@code projected} has passed was applied by the other.
     */
    @Override
    public void process(Session session, List<EventEnvelope<JournalEvent>> envelopes)
        throws SQLException {
      long applied = projected(session.connection);
      List<EventEnvelope<JournalEvent>> fresh =
          envelopes.stream().filter(each -> ordering(each) > applied).toList();
      if (!fresh.isEmpty()) {
        apply(session.connection, fresh);
        moveTo(session.connection, ordering(fresh.getLast()), applied < 0);
      }
    }

    private long projected(Connection connection) throws SQLException {
      try (PreparedStatement select =
          connection.prepareStatement("SELECT ordering FROM projected WHERE part = ?")) {
        select.setString(1, part);
        try (ResultSet row = select.executeQuery()) {
          return row.next() ? row.getLong(1) : -1;
        }
      }
    }

    private void moveTo(Connection connection, long ordering, boolean first) throws SQLException {
      try (PreparedStatement move = connection.prepareStatement(
          first
              ? "INSERT INTO projected (ordering, part) VALUES (?, ?)"
              : "UPDATE projected SET ordering = ? WHERE part = ?")) {
        move.setLong(1, ordering);
        move.setString(2, part);
        move.executeUpdate();
      }
    }

    private static long ordering(EventEnvelope<JournalEvent> envelope) {
      return ((Sequence) envelope.offset()).value();
    }

    private void apply(Connection connection, List<EventEnvelope<JournalEvent>> envelopes)
        throws SQLException {
      // The last change of a timer counts; most turns begin and end within one group.
      Map<TimerKey, TimerChange> timers = new LinkedHashMap<>();
      for (EventEnvelope<JournalEvent> envelope : envelopes) {
        Projector.Entry entry = new Projector.Entry(
            envelope.persistenceId(),
            envelope.sequenceNr(),
            envelope.event(),
            Instant.ofEpochMilli(envelope.timestamp()));
        for (TimerChange change : envelope.event().timerChanges()) {
          timers.put(new TimerKey(envelope.persistenceId(), change.timer()), change);
        }
        for (Projector projector : projectors) {
          projector.project(connection, entry);
        }
      }
      applyTimers(connection, timers);
    }

    private static void applyTimers(Connection connection, Map<TimerKey, TimerChange> timers)
        throws SQLException {
      try (PreparedStatement delete = connection.prepareStatement(
              "DELETE FROM due_timer WHERE persistence_id = ? AND timer = ?");
          PreparedStatement insert = connection.prepareStatement(
              "INSERT INTO due_timer (persistence_id, timer, due_at) VALUES (?, ?, ?)")) {
        for (Map.Entry<TimerKey, TimerChange> timer : timers.entrySet()) {
          delete.setString(1, timer.getKey().persistenceId());
          delete.setString(2, timer.getKey().timer());
          delete.addBatch();
          if (timer.getValue() instanceof TimerChange.Set set) {
            insert.setString(1, timer.getKey().persistenceId());
            insert.setString(2, timer.getKey().timer());
            insert.setLong(3, set.due().toEpochMilli());
            insert.addBatch();
          }
        }
        delete.executeBatch();
        insert.executeBatch();
      }
    }

    private record TimerKey(String persistenceId, String timer) {}
  }

  /** One transaction of the projection. */
  private static final class Session implements JdbcSession {
    private final Connection connection;

    Session(DataSource database) {
      try {
        connection = database.getConnection();
      } catch (SQLException e) {
        throw new IllegalStateException("the journal's database gives no connection", e);
      }
    }

    @Override
    public <R> R withConnection(Function<Connection, R> work) throws Exception {
      return work.apply(connection);
    }

    @Override
    public void commit() throws SQLException {
      connection.commit();
    }

    @Override
    public void rollback() throws SQLException {
      connection.rollback();
    }

    @Override
    public void close() throws SQLException {
      connection.close();
    }
  }
}
