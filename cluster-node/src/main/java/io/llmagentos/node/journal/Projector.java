package io.llmagentos.node.journal;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/**
 * A subsystem's part of the one projection: keeps its tables up to date with the journal. An event and the position in the journal are committed
 * together, so each event is applied exactly once.
 */
public interface Projector {
  /** Idempotent statements ({@code CREATE TABLE IF NOT EXISTS ...}) in the SQL that H2 and PostgreSQL share. */
  List<String> schema();

  /** Apply one event within the given transaction; neither commit nor close. */
  void project(Connection connection, Entry entry) throws SQLException;

  /**
   * @param persistenceId {@code <kind>|<entity id>}
   */
  record Entry(String persistenceId, long sequence, JournalEvent event, Instant at) {
    public String kind() {
      return persistenceId.substring(0, persistenceId.indexOf('|'));
    }

    public String entityId() {
      return persistenceId.substring(persistenceId.indexOf('|') + 1);
    }
  }
}
