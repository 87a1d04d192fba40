package io.llmagentos.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UpSettingsTest {
  private static final JournalSecret SECRET = new JournalSecret("hidden");

  @Test
  void shouldLetFlagsWinOverTheFileAndTheFileOverDefaults(@TempDir Path directory)
      throws IOException {
    var file = directory.resolve("user.conf");
    Files.writeString(
        file, "llmagentos.http { port = 1, host = \"0.0.0.0\" }\nllmagentos.agent.model = other\n");
    var node = new UpSettings(new PortPlan(8080, 3), 0, directory, file, null, null)
        .node(1, List.of("a:1"), SECRET);
    assertThat(node.getInt("llmagentos.http.port")).isEqualTo(8081);
    assertThat(node.getString("llmagentos.http.host")).isEqualTo("0.0.0.0");
    assertThat(node.getString("llmagentos.node.host")).isEqualTo("127.0.0.1");
    assertThat(node.getString("llmagentos.agent.model")).isEqualTo("other");
    assertThat(node.getStringList("llmagentos.node.seed-nodes")).containsExactly("a:1");
  }

  @Test
  void shouldKeepTheJournalInTheSameFileForOneNodeAndForMany(@TempDir Path directory) {
    var one = new UpSettings(new PortPlan(8080, 1), 0, directory, null, null, null)
        .node(0, List.of(), SECRET);
    var three = new UpSettings(new PortPlan(8080, 3), 0, directory, null, null, null)
        .node(0, List.of(), SECRET);
    assertThat(one.getString("llmagentos.journal.url"))
        .isEqualTo("jdbc:h2:file:" + directory + "/journal/journal;WRITE_DELAY=0");
    assertThat(three.getString("llmagentos.journal.url"))
        .isEqualTo("jdbc:h2:tcp://127.0.0.1:8380/./journal;WRITE_DELAY=0");
    assertThat(three.getString("llmagentos.journal.password")).isEqualTo("hidden");
  }

  @Test
  void shouldLeaveAForeignJournalAlone(@TempDir Path directory) {
    var url = "jdbc:postgresql://db/agentos";
    var node = new UpSettings(new PortPlan(8080, 2), 0, directory, null, url, "tls-tcp")
        .node(0, List.of(), null);
    assertThat(node.getString("llmagentos.journal.url")).isEqualTo(url);
    assertThat(node.hasPath("llmagentos.journal.password")).isFalse();
    assertThat(node.getString("llmagentos.node.transport")).isEqualTo("tls-tcp");
  }

  @Test
  void shouldMakeTheJournalsPasswordOnce(@TempDir Path directory) throws IOException {
    var made = JournalSecret.in(directory);
    assertThat(JournalSecret.in(directory)).isEqualTo(made);
    assertThat(made.password()).hasSize(32);
    assertThat(made.toString()).doesNotContain(made.password());
    assertThat(Files.getPosixFilePermissions(directory.resolve("journal.secret")))
        .hasSize(2);
  }

  @Test
  void shouldGiveWorkersTheirRolesAndCoreNodesTheRest(@TempDir Path directory) {
    var settings = new UpSettings(new PortPlan(8080, 5), 2, directory, null, null, null);
    assertThat(settings.node(2, List.of(), SECRET).getStringList("llmagentos.node.roles"))
        .containsExactly("core");
    assertThat(settings.node(3, List.of(), SECRET).getStringList("llmagentos.node.roles"))
        .containsExactly("model", "rollout", "learner");
    assertThat(settings.node(3, List.of(), SECRET).getString("llmagentos.artifacts.directory"))
        .isEqualTo(directory + "/artifacts");
  }
}
