package io.llmagentos.node.journal;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.sql.DataSource;

/** The database under the journal: its schema, and a small pool for the projection and for reads of its tables. */
public final class JournalDatabase implements AutoCloseable {
  private static final long SCHEMA_LOCK = 7_061_001L;

  private final HikariDataSource pool;

  private JournalDatabase(HikariDataSource pool) {
    this.pool = pool;
  }

  /**
   * Connect and create what is missing; safe when several nodes do so at once.
   *
   * @throws AgentOsException when the database cannot be reached
   */
  public static JournalDatabase open(JournalSettings settings, List<Projector> projectors) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("journal-tables");
    config.setJdbcUrl(settings.url());
    config.setUsername(settings.user());
    config.setPassword(settings.password());
    config.setDriverClassName(settings.driver());
    config.setMaximumPoolSize(4);
    config.setMinimumIdle(1);
    config.setAutoCommit(false);
    if (settings.isPostgres()) {
      // A frozen node must not keep the projection's rows locked for whoever takes over.
      config.setIsolateInternalQueries(true);
      config.setConnectionInitSql("SET idle_in_transaction_session_timeout = '5s'");
    }
    HikariDataSource pool;
    try {
      pool = new HikariDataSource(config);
    } catch (RuntimeException e) {
      throw new AgentOsException(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          "the journal at " + settings.url() + " cannot be opened: " + rootMessage(e)
              + "; check llmagentos.journal.url, or stop the node that holds it",
          "llmagentos.journal.url",
          e);
    }
    try {
      createSchema(pool, settings, projectors);
    } catch (SQLException e) {
      pool.close();
      throw new AgentOsException(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          "the journal's schema cannot be created: " + e.getMessage(),
          "llmagentos.journal.url",
          e);
    }
    return new JournalDatabase(pool);
  }

  /** Connections come with auto-commit off. */
  public DataSource dataSource() {
    return pool;
  }

  @Override
  public void close() {
    pool.close();
  }

  private static void createSchema(
      DataSource source, JournalSettings settings, List<Projector> projectors) throws SQLException {
    List<String> statements = new ArrayList<>(pekkoSchema(
        settings.isPostgres()
            ? "schema/postgres/postgres-create-schema.sql"
            : "schema/h2/h2-create-schema.sql"));
    if (!settings.isPostgres()) {
      statements.add(JournalSettings.H2_TAGS_SCHEMA);
    }
    statements.addAll(EventProjection.SCHEMA);
    projectors.forEach(projector -> statements.addAll(projector.schema()));
    for (int attempt = 1; ; attempt++) {
      try (Connection connection = source.getConnection();
          Statement statement = connection.createStatement()) {
        if (settings.isPostgres()) {
          statement.execute("SELECT pg_advisory_xact_lock(" + SCHEMA_LOCK + ")");
        }
        for (String sql : statements) {
          statement.execute(sql);
        }
        connection.commit();
        return;
      } catch (SQLException e) {
        // H2 has no lock around DDL: of two nodes that start at once one may find a table half made
        // by the other.
        if (attempt == 5 || settings.isPostgres()) {
          throw e;
        }
      }
    }
  }

  private static List<String> pekkoSchema(String resource) {
    try (InputStream in = JournalDatabase.class.getClassLoader().getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not on the class path");
      }
      String sql =
          new String(in.readAllBytes(), StandardCharsets.UTF_8).replaceAll("(?m)--.*$", "");
      return Arrays.stream(sql.split(";"))
          .map(String::strip)
          .filter(s -> !s.isEmpty() && !s.contains("durable_state") && !s.contains("global_offset"))
          .map(s -> s.replace("CREATE UNIQUE INDEX ", "CREATE UNIQUE INDEX IF NOT EXISTS "))
          // Beside the other tables, in the schema that the URL names.
          .map(s -> s.replaceAll("(?i)\\bpublic\\.", ""))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String rootMessage(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }
}
