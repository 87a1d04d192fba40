package io.llmagentos.node.journal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where the journal lives.
 *
 * @param url a JDBC URL of H2 or PostgreSQL
 */
public record JournalSettings(String url, String user, String password, int connections) {
  /**
   * The tags as the read journal sees them in H2, which would begin its join at the index of tags and
   * go through the whole journal at each poll of the projection. Behind a view that hides the index
   * it begins at the events after the offset.
   */
  static final String H2_TAGS_SCHEMA =
      "CREATE VIEW IF NOT EXISTS \"event_tag_read\" AS SELECT \"event_id\", SUBSTRING(\"tag\", 1) AS \"tag\" FROM \"event_tag\"";

  public JournalSettings {
    Settings.requireBetween("llmagentos.journal.connections", connections, 1, 1000);
  }

  public static JournalSettings create(Config section, Path dataDirectory) {
    String url = section.getString("url");
    if (url.isEmpty()) {
      // Without WRITE_DELAY=0 a kill -9 loses events that were acknowledged.
      url = "jdbc:h2:file:" + dataDirectory.toAbsolutePath().resolve("journal")
          + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE";
    }
    if (!url.startsWith("jdbc:h2:") && !url.startsWith("jdbc:postgresql:")) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "llmagentos.journal.url must start with jdbc:h2: or jdbc:postgresql:, is " + url,
          "llmagentos.journal.url");
    }
    return new JournalSettings(
        url,
        section.getString("user"),
        section.getString("password"),
        section.getInt("connections"));
  }

  public boolean isPostgres() {
    return url.startsWith("jdbc:postgresql:");
  }

  /** What Pekko's JDBC journal needs to know. */
  public Config pekko() {
    String database = "pekko-persistence-jdbc.shared-databases.slick";
    Config config = ConfigFactory.parseMap(Map.ofEntries(
        Map.entry(
            database + ".profile",
            isPostgres() ? "slick.jdbc.PostgresProfile$" : "slick.jdbc.H2Profile$"),
        Map.entry(database + ".db.url", url),
        Map.entry(database + ".db.user", user),
        Map.entry(database + ".db.password", password),
        Map.entry(database + ".db.driver", driver()),
        Map.entry(database + ".db.numThreads", connections),
        Map.entry(database + ".db.minConnections", connections),
        Map.entry(database + ".db.maxConnections", connections),
        Map.entry("jdbc-journal.use-shared-db", "slick"),
        Map.entry("jdbc-snapshot-store.use-shared-db", "slick"),
        Map.entry("jdbc-read-journal.use-shared-db", "slick"),
        Map.entry(
            "pekko.projection.jdbc.dialect", isPostgres() ? "postgres-dialect" : "h2-dialect")));
    // An event gets its place in the order before it is committed. Readers wait for a place that is
    // missing
    // (journal-sequence-retrieval), so a frozen writer must lose it before they go on without it.
    return isPostgres()
        ? config.withValue(
            database + ".db.connectionInitSql",
            ConfigValueFactory.fromAnyRef(
                "SET idle_in_transaction_session_timeout = '1s'; SET lock_timeout = '1s'"))
        : config.withValue(
            "jdbc-read-journal.tables.event_tag.tableName",
            ConfigValueFactory.fromAnyRef("event_tag_read"));
  }

  String driver() {
    return isPostgres() ? "org.postgresql.Driver" : "org.h2.Driver";
  }
}
