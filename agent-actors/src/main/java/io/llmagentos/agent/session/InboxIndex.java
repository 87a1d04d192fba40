package io.llmagentos.agent.session;

import io.llmagentos.node.http.Api;
import io.llmagentos.node.journal.Projector;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/** The table of what waits, or waited, for a person: the inbox. Usually a second behind the sessions, which have the last word. */
public final class InboxIndex implements Projector {
  private static final int ID_LENGTH = 32;
  private static final String COLUMNS =
      "call_id, decision, principal, session, turn, call_number, kind, tool, arguments, hash, reason, since, expires_at, decided_at";

  /**
   * One thing to decide.
   *
   * @param call its number in the turn
   * @param decision which of the decisions about the call
   * @param kind {@code approval} or {@code unknown}
   * @param reason why a person is asked; of an unknown outcome
   * @param expiresAt {@link Instant#EPOCH}: never
   * @param decidedAt {@link Instant#EPOCH}: not yet
   */
  public record Item(
      String id,
      SessionKey session,
      String turn,
      int call,
      int decision,
      String kind,
      String tool,
      String arguments,
      String hash,
      String reason,
      Instant since,
      Instant expiresAt,
      Instant decidedAt) {}

  @Override
  public List<String> schema() {
    return List.of("""
        CREATE TABLE IF NOT EXISTS inbox (
          call_id VARCHAR(64) NOT NULL, decision INTEGER NOT NULL,
          tenant VARCHAR(255) NOT NULL, principal VARCHAR(255) NOT NULL, session VARCHAR(255) NOT NULL, turn VARCHAR(255) NOT NULL,
          call_number INTEGER NOT NULL, kind VARCHAR(16) NOT NULL, tool VARCHAR(255) NOT NULL, arguments TEXT NOT NULL, hash VARCHAR(64) NOT NULL,
          reason TEXT NOT NULL, since BIGINT NOT NULL, expires_at BIGINT NOT NULL, decided_at BIGINT NOT NULL,
          PRIMARY KEY (call_id, decision))""", """
        CREATE INDEX IF NOT EXISTS inbox_latest ON inbox (tenant, decided_at, since)""");
  }

  @Override
  public void project(Connection connection, Entry entry) throws SQLException {
    switch (entry.event()) {
      case SessionEvent.ApprovalRequested asked ->
        insert(
            connection,
            new Item(
                callId(entry.entityId(), asked.turn(), asked.call()),
                SessionKey.parse(entry.entityId()),
                asked.turn(),
                asked.call(),
                0,
                "approval",
                asked.tool(),
                asked.arguments(),
                asked.hash(),
                "",
                asked.at(),
                asked.expiresAt(),
                Instant.EPOCH));
      case SessionEvent.CallUnknown unknown ->
        insert(
            connection,
            new Item(
                callId(entry.entityId(), unknown.turn(), unknown.call()),
                SessionKey.parse(entry.entityId()),
                unknown.turn(),
                unknown.call(),
                unknown.decision(),
                "unknown",
                unknown.tool(),
                unknown.arguments(),
                unknown.hash(),
                unknown.reason(),
                unknown.at(),
                Instant.EPOCH,
                Instant.EPOCH));
      case SessionEvent.CallDecided decided ->
        close(
            connection,
            callId(entry.entityId(), decided.turn(), decided.call()),
            decided.decision().at());
      // The receipt of a call that was taken for unknown.
      case SessionEvent.CallEnded ended ->
        close(connection, callId(entry.entityId(), ended.turn(), ended.call()), ended.at());
      default -> {}
    }
  }

  private static String callId(String session, String turn, int call) {
    return Api.sha256(session + "\n" + turn + "\n" + call).substring(0, ID_LENGTH);
  }

  private static void insert(Connection connection, Item item) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement("INSERT INTO inbox (" + COLUMNS
        + ", tenant) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
      insert.setString(1, item.id());
      insert.setInt(2, item.decision());
      insert.setString(3, item.session().principal());
      insert.setString(4, item.session().session());
      insert.setString(5, item.turn());
      insert.setInt(6, item.call());
      insert.setString(7, item.kind());
      insert.setString(8, item.tool());
      insert.setString(9, storable(item.arguments()));
      insert.setString(10, item.hash());
      insert.setString(11, storable(item.reason()));
      insert.setLong(12, item.since().toEpochMilli());
      insert.setLong(13, item.expiresAt().toEpochMilli());
      insert.setLong(14, item.decidedAt().toEpochMilli());
      insert.setString(15, item.session().tenant());
      insert.executeUpdate();
    }
  }

  /** PostgreSQL's texts hold no NUL, which a tool's error may have; an event that cannot be applied would stop the projection. */
  private static String storable(String text) {
    return text.replace('\0', '\uFFFD');
  }

  private static void close(Connection connection, String callId, Instant at) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(
        "UPDATE inbox SET decided_at = ? WHERE call_id = ? AND decided_at = 0")) {
      update.setLong(1, at.toEpochMilli());
      update.setString(2, callId);
      update.executeUpdate();
    }
  }

  /** What waits for a person of a tenant's, newest first. Blocks on the database. */
  public static List<Item> open(DataSource database, String tenant, int limit) {
    return read(
        database, tenant, "decided_at = 0 ORDER BY since DESC, call_id LIMIT " + limit, List.of());
  }

  /** An item by its id, decided or not. Blocks on the database. */
  public static Optional<Item> find(DataSource database, String tenant, String id) {
    int dash = id.indexOf('-');
    if (dash < 0 || !id.substring(dash + 1).matches("[0-9]{1,9}")) {
      return Optional.empty();
    }
    return read(
            database,
            tenant,
            "call_id = ? AND decision = " + Integer.parseInt(id.substring(dash + 1)),
            List.of(id.substring(0, dash)))
        .stream()
        .findFirst();
  }

  private static List<Item> read(
      DataSource database, String tenant, String where, List<String> values) {
    try (Connection connection = database.getConnection();
        PreparedStatement select = connection.prepareStatement(
            "SELECT " + COLUMNS + " FROM inbox WHERE tenant = ? AND " + where)) {
      select.setString(1, tenant);
      for (int i = 0; i < values.size(); i++) {
        select.setString(i + 2, values.get(i));
      }
      List<Item> items = new ArrayList<>();
      try (ResultSet found = select.executeQuery()) {
        while (found.next()) {
          items.add(new Item(
              found.getString(1) + "-" + found.getInt(2),
              new SessionKey(tenant, found.getString(3), found.getString(4)),
              found.getString(5),
              found.getInt(6),
              found.getInt(2),
              found.getString(7),
              found.getString(8),
              found.getString(9),
              found.getString(10),
              found.getString(11),
              Instant.ofEpochMilli(found.getLong(12)),
              Instant.ofEpochMilli(found.getLong(13)),
              Instant.ofEpochMilli(found.getLong(14))));
        }
      }
      connection.rollback();
      return items;
    } catch (SQLException e) {
      throw new IllegalStateException("the inbox cannot be read", e);
    }
  }
}
