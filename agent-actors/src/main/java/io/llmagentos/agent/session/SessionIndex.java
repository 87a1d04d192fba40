package io.llmagentos.agent.session;

import io.llmagentos.node.journal.Projector;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/** The table of the sessions that somebody opened, not of those for calls of other agents, kept from the journal: lists of sessions come from here, never from asking every session. Usually a second behind. */
public final class SessionIndex implements Projector {
  /**
   * One session.
   *
   * @param turns accepted so far
   */
  public record Row(
      String session, String agent, Instant openedAt, Instant lastTurnAt, int turns) {}

  @Override
  public List<String> schema() {
    return List.of("""
        CREATE TABLE IF NOT EXISTS session_index (
          tenant VARCHAR(255) NOT NULL, principal VARCHAR(255) NOT NULL, session VARCHAR(255) NOT NULL, agent VARCHAR(255) NOT NULL,
          opened_at BIGINT NOT NULL, last_turn_at BIGINT NOT NULL, turns INTEGER NOT NULL, PRIMARY KEY (tenant, principal, session))""", """
        CREATE INDEX IF NOT EXISTS session_index_latest ON session_index (tenant, principal, last_turn_at)""");
  }

  @Override
  public void project(Connection connection, Entry entry) throws SQLException {
    if (entry.event() instanceof SessionEvent.SessionOpened opened
        && opened.origin().isEmpty()) {
      SessionKey key = SessionKey.parse(entry.entityId());
      try (PreparedStatement insert = connection.prepareStatement(
          "INSERT INTO session_index (tenant, principal, session, agent, opened_at, last_turn_at, turns) VALUES (?, ?, ?, ?, ?, ?, 0)")) {
        insert.setString(1, key.tenant());
        insert.setString(2, key.principal());
        insert.setString(3, key.session());
        insert.setString(4, opened.agent());
        insert.setLong(5, opened.at().toEpochMilli());
        insert.setLong(6, opened.at().toEpochMilli());
        insert.executeUpdate();
      }
    } else if (entry.event() instanceof SessionEvent.TurnAccepted accepted) {
      SessionKey key = SessionKey.parse(entry.entityId());
      try (PreparedStatement update = connection.prepareStatement(
          "UPDATE session_index SET turns = turns + 1, last_turn_at = ? WHERE tenant = ? AND principal = ? AND session = ?")) {
        update.setLong(1, accepted.at().toEpochMilli());
        update.setString(2, key.tenant());
        update.setString(3, key.principal());
        update.setString(4, key.session());
        update.executeUpdate();
      }
    }
  }

  /** A principal's sessions, the one that was used last first. Blocks on the database. */
  public static List<Row> read(DataSource database, String tenant, String principal, int limit) {
    try (Connection connection = database.getConnection();
        PreparedStatement select = connection.prepareStatement(
            "SELECT session, agent, opened_at, last_turn_at, turns FROM session_index WHERE tenant = ? AND principal = ?"
                + " ORDER BY last_turn_at DESC LIMIT " + limit)) {
      select.setString(1, tenant);
      select.setString(2, principal);
      List<Row> rows = new ArrayList<>();
      try (ResultSet found = select.executeQuery()) {
        while (found.next()) {
          rows.add(new Row(
              found.getString(1),
              found.getString(2),
              Instant.ofEpochMilli(found.getLong(3)),
              Instant.ofEpochMilli(found.getLong(4)),
              found.getInt(5)));
        }
      }
      connection.rollback();
      return rows;
    } catch (SQLException e) {
      throw new IllegalStateException("the list of sessions cannot be read", e);
    }
  }
}
