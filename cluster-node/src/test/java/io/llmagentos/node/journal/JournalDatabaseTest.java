package io.llmagentos.node.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class JournalDatabaseTest {
  private static final int EVENTS = 2_000;
  private static final int NEW = 10;

  @Test
  void shouldNotReadTheWholeH2JournalAtEachPollOfTheProjection() throws Exception {
    JournalSettings settings =
        new JournalSettings("jdbc:h2:mem:polls;DB_CLOSE_DELAY=-1", "sa", "", 2);
    String tags = settings.pekko().getString("jdbc-read-journal.tables.event_tag.tableName");
    try (JournalDatabase database = JournalDatabase.open(settings, List.of());
        Connection connection = database.dataSource().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("""
          INSERT INTO "event_journal" ("persistence_id", "sequence_number", "writer",
            "write_timestamp", "adapter_manifest", "event_ser_id", "event_ser_manifest", "event_payload")
          SELECT 'p' || X, 1, 'w', X, '', 1, '', X'00' FROM SYSTEM_RANGE(1, %d)""".formatted(EVENTS));
      statement.execute(
          "INSERT INTO \"event_tag\" SELECT \"ordering\", 'part-0' FROM \"event_journal\"");

      assertThat(scanned(statement, poll(tags, EVENTS - NEW)))
          .as("rows read for %d new events of %d", NEW, EVENTS)
          .isBetween(NEW, 10 * NEW);
    }
  }

  /** What Slick makes of the read journal's eventsByTag, with fewer columns. */
  private static String poll(String tags, int offset) {
    return """
        SELECT x2.x3, x2.x5 FROM (SELECT "persistence_id" AS x5, "ordering" AS x3
          FROM "event_journal" WHERE "deleted" = false) x2, "%s" x9
        WHERE x9."tag" = 'part-0' AND x2.x3 > %d AND x2.x3 <= %d AND x2.x3 = x9."event_id"
        ORDER BY x2.x3 LIMIT 500""".formatted(tags, offset, EVENTS);
  }

  private static int scanned(Statement statement, String query) throws Exception {
    try (ResultSet plan = statement.executeQuery("EXPLAIN ANALYZE " + query)) {
      plan.next();
      return Pattern.compile("scanCount: (\\d+)")
          .matcher(plan.getString(1))
          .results()
          .map(MatchResult::group)
          .mapToInt(count -> Integer.parseInt(count.replaceAll("\\D", "")))
          .sum();
    }
  }
}
