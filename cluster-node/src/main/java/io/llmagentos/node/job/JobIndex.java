package io.llmagentos.node.job;

import io.llmagentos.node.journal.Projector;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/** The tables of jobs and of their whole progress, kept from the journal. Usually a second behind. */
public final class JobIndex implements Projector {
  /** One job. */
  public record Row(
      String id,
      String name,
      String kind,
      String principal,
      String status,
      String reason,
      long iteration,
      Instant submittedAt) {}

  @Override
  public List<String> schema() {
    return List.of("""
        CREATE TABLE IF NOT EXISTS job_index (
          tenant VARCHAR(255) NOT NULL, id VARCHAR(64) NOT NULL, name VARCHAR(200) NOT NULL, kind VARCHAR(200) NOT NULL,
          principal VARCHAR(256) NOT NULL, status VARCHAR(20) NOT NULL, reason VARCHAR(2000) NOT NULL, iteration BIGINT NOT NULL,
          submitted_at BIGINT NOT NULL, PRIMARY KEY (tenant, id))""", """
        CREATE INDEX IF NOT EXISTS job_index_latest ON job_index (tenant, submitted_at)""", """
        CREATE TABLE IF NOT EXISTS job_progress (
          tenant VARCHAR(255) NOT NULL, id VARCHAR(64) NOT NULL, iteration BIGINT NOT NULL, metrics VARCHAR(100000) NOT NULL,
          PRIMARY KEY (tenant, id, iteration))""");
  }

  @Override
  public void project(Connection connection, Entry entry) throws SQLException {
    if (!(entry.event() instanceof JobEvent event)) {
      return;
    }
    JobKey key = JobKey.parse(entry.entityId());
    switch (event) {
      case JobEvent.JobSubmitted e -> insert(connection, key, e);
      case JobEvent.JobQueued e -> status(connection, key, JobStatus.QUEUED, e.reason());
      case JobEvent.JobPlaced e -> status(connection, key, JobStatus.PLACED, "");
      case JobEvent.JobStarted e -> status(connection, key, JobStatus.RUNNING, "");
      case JobEvent.EpochLost e -> status(connection, key, JobStatus.QUEUED, e.reason());
      case JobEvent.Progressed e -> progress(connection, key, e.lines());
      case JobEvent.CheckpointCommitted e -> {}
      case JobEvent.PauseRequested e -> status(connection, key, JobStatus.PAUSING, "");
      case JobEvent.JobPaused e -> status(connection, key, JobStatus.PAUSED, "");
      case JobEvent.JobResumed e -> status(connection, key, JobStatus.QUEUED, "");
      case JobEvent.JobEnded e -> status(connection, key, e.status(), e.reason());
      case JobEvent.JobDeleted e -> delete(connection, key);
      case JobEvent.ArtifactsReleased e -> {}
    }
  }

  private static void insert(Connection connection, JobKey key, JobEvent.JobSubmitted e)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(
        "INSERT INTO job_index (tenant, id, name, kind, principal, status, reason, iteration, submitted_at) VALUES (?, ?, ?, ?, ?, ?, '', 0, ?)")) {
      insert.setString(1, key.tenant());
      insert.setString(2, key.id());
      insert.setString(3, e.spec().name());
      insert.setString(4, e.spec().kind());
      insert.setString(5, e.principal());
      insert.setString(6, JobStatus.QUEUED.id());
      insert.setLong(7, e.at().toEpochMilli());
      insert.executeUpdate();
    }
  }

  private static void delete(Connection connection, JobKey key) throws SQLException {
    for (String table : List.of("job_progress", "job_index")) {
      try (PreparedStatement delete =
          connection.prepareStatement("DELETE FROM " + table + " WHERE tenant = ? AND id = ?")) {
        delete.setString(1, key.tenant());
        delete.setString(2, key.id());
        delete.executeUpdate();
      }
    }
  }

  private static void status(Connection connection, JobKey key, JobStatus status, String reason)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(
        "UPDATE job_index SET status = ?, reason = ? WHERE tenant = ? AND id = ?")) {
      update.setString(1, status.id());
      update.setString(2, reason.length() > 2000 ? reason.substring(0, 2000) : reason);
      update.setString(3, key.tenant());
      update.setString(4, key.id());
      update.executeUpdate();
    }
  }

  private static void progress(Connection connection, JobKey key, List<ProgressLine> lines)
      throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(
            "DELETE FROM job_progress WHERE tenant = ? AND id = ? AND iteration >= ?");
        PreparedStatement insert = connection.prepareStatement(
            "INSERT INTO job_progress (tenant, id, iteration, metrics) VALUES (?, ?, ?, ?)");
        PreparedStatement update = connection.prepareStatement(
            "UPDATE job_index SET iteration = ? WHERE tenant = ? AND id = ?")) {
      delete.setString(1, key.tenant());
      delete.setString(2, key.id());
      delete.setLong(3, lines.getFirst().iteration());
      delete.executeUpdate();
      for (ProgressLine line : lines) {
        insert.setString(1, key.tenant());
        insert.setString(2, key.id());
        insert.setLong(3, line.iteration());
        insert.setString(4, line.metrics());
        insert.addBatch();
      }
      insert.executeBatch();
      update.setLong(1, lines.getLast().iteration());
      update.setString(2, key.tenant());
      update.setString(3, key.id());
      update.executeUpdate();
    }
  }

  /** A tenant's jobs, the latest first. Blocks on the database. */
  static List<Row> read(DataSource database, String tenant, int limit) {
    try (Connection connection = database.getConnection();
        PreparedStatement select = connection.prepareStatement(
            "SELECT id, name, kind, principal, status, reason, iteration, submitted_at FROM job_index WHERE tenant = ?"
                + " ORDER BY submitted_at DESC LIMIT " + limit)) {
      select.setString(1, tenant);
      List<Row> rows = new ArrayList<>();
      try (ResultSet found = select.executeQuery()) {
        while (found.next()) {
          rows.add(new Row(
              found.getString(1),
              found.getString(2),
              found.getString(3),
              found.getString(4),
              found.getString(5),
              found.getString(6),
              found.getLong(7),
              Instant.ofEpochMilli(found.getLong(8))));
        }
      }
      connection.rollback();
      return rows;
    } catch (SQLException e) {
      throw new IllegalStateException("the list of jobs cannot be read", e);
    }
  }

  /** A job's progress between two iterations, both exclusive. Blocks on the database. */
  static List<ProgressLine> progress(
      DataSource database, JobKey key, long after, long before, int limit) {
    try (Connection connection = database.getConnection();
        PreparedStatement select = connection.prepareStatement(
            "SELECT iteration, metrics FROM job_progress WHERE tenant = ? AND id = ? AND iteration > ? AND iteration < ?"
                + " ORDER BY iteration LIMIT " + limit)) {
      select.setString(1, key.tenant());
      select.setString(2, key.id());
      select.setLong(3, after);
      select.setLong(4, before);
      List<ProgressLine> lines = new ArrayList<>();
      try (ResultSet found = select.executeQuery()) {
        while (found.next()) {
          lines.add(new ProgressLine(found.getLong(1), found.getString(2)));
        }
      }
      connection.rollback();
      return lines;
    } catch (SQLException e) {
      throw new IllegalStateException("the progress of job " + key.id() + " cannot be read", e);
    }
  }
}
