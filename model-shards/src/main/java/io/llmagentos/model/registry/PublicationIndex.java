package io.llmagentos.model.registry;

import io.llmagentos.node.journal.Projector;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;

/** The table of what is published. */
public final class PublicationIndex implements Projector {
  @Override
  public List<String> schema() {
    return List.of("""
        CREATE TABLE IF NOT EXISTS published_model (
          name VARCHAR(200) NOT NULL, archive VARCHAR(64) NOT NULL, PRIMARY KEY (name))""");
  }

  @Override
  public void project(Connection connection, Entry entry) throws SQLException {
    if (!(entry.event() instanceof PublicationEvent event)) {
      return;
    }
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM published_model WHERE name = ?")) {
      delete.setString(1, entry.entityId());
      delete.executeUpdate();
    }
    if (event instanceof PublicationEvent.ModelPublished published) {
      try (PreparedStatement insert = connection.prepareStatement(
          "INSERT INTO published_model (name, archive) VALUES (?, ?)")) {
        insert.setString(1, entry.entityId());
        insert.setString(2, published.archive());
        insert.executeUpdate();
      }
    }
  }

  /** The archives of the published models by name. Blocks on the database. */
  static Map<String, String> read(DataSource database) {
    try (Connection connection = database.getConnection();
        PreparedStatement select =
            connection.prepareStatement("SELECT name, archive FROM published_model")) {
      Map<String, String> archives = new TreeMap<>();
      try (ResultSet found = select.executeQuery()) {
        while (found.next()) {
          archives.put(found.getString(1), found.getString(2));
        }
      }
      connection.rollback();
      return archives;
    } catch (SQLException e) {
      throw new IllegalStateException("the list of published models cannot be read", e);
    }
  }
}
