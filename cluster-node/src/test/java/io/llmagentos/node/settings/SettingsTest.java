package io.llmagentos.node.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.NodeSettings;
import io.llmagentos.node.cluster.ClusterSettings;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.HttpSettings;
import io.llmagentos.node.journal.JournalSettings;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Isolated("a property of the JVM")
class SettingsTest {
  @TempDir
  private Path directory = Path.of("");

  @ParameterizedTest
  @CsvSource({
    "llmagentos.http.prot=1, llmagentos.http.port",
    "llmagentos.htpp=1, llmagentos.http",
    "llmagentos.node.tls.certifcate=x, llmagentos.node.tls.certificate",
    "llmagentos.cluster.probe-intervall=1s, llmagentos.cluster.probe-interval"
  })
  void shouldSuggestTheNearestKey(String line, String nearest) {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> load(line))
        .withMessageContaining(
            "unknown setting " + line.substring(0, line.indexOf('=')).strip())
        .withMessageContaining("did you mean " + nearest + "?")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.SETTINGS_UNKNOWN_KEY));
  }

  @Test
  void shouldSuggestTheNearestKeyForAFile() throws IOException {
    Path file = Files.writeString(
        directory.resolve("user.conf"), "llmagentos {\n  node.drain-timout = 1s\n}\n");
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> Settings.load(ConfigFactory.empty(), Optional.of(file.toFile())))
        .withMessageContaining("unknown setting llmagentos.node.drain-timout")
        .withMessageContaining("did you mean llmagentos.node.drain-timeout?")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.SETTINGS_UNKNOWN_KEY));
  }

  @Test
  void shouldSuggestTheNearestKeyForASystemProperty() {
    System.setProperty("llmagentos.http.prot", "1");
    ConfigFactory.invalidateCaches();
    try {
      assertThatExceptionOfType(AgentOsException.class)
          .isThrownBy(() -> load(""))
          .withMessageContaining("did you mean llmagentos.http.port?");
    } finally {
      System.clearProperty("llmagentos.http.prot");
      ConfigFactory.invalidateCaches();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llmagentos.http.port = 70000 | llmagentos.http.port is 70000, must be 0 to 65535",
        "llmagentos.http.management-port = -1 | llmagentos.http.management-port is -1, must be 0 to 65535",
        "llmagentos.http.max-body = 0 | llmagentos.http.max-body is 0, must be 1 to 2147483647",
        "llmagentos.http.request-timeout = 0s | llmagentos.http.request-timeout is 0 ms, must be at least 1 ms",
        "llmagentos.node.artery-port = 65536 | llmagentos.node.artery-port is 65536, must be 0 to 65535",
        "llmagentos.node.bind-port = -2 | llmagentos.node.bind-port is -2, must be 0 to 65535",
        "llmagentos.node.join-timeout = 10ms | llmagentos.node.join-timeout is 10 ms, must be at least 1000 ms",
        "llmagentos.node.drain-timeout = -1s | llmagentos.node.drain-timeout is -1000 ms, must be at least 0 ms",
        "llmagentos.cluster.probe-refusals = 0 | llmagentos.cluster.probe-refusals is 0, must be 1 to 100",
        "llmagentos.cluster.probe-interval = -1s | llmagentos.cluster.probe-interval is -1000 ms, must be at least 0 ms",
        "llmagentos.journal.connections = 0 | llmagentos.journal.connections is 0, must be 1 to 1000",
        "llmagentos.http.port = many | llmagentos.http.port must be NUMBER, is \"many\"",
        "llmagentos.node.roles = 7 | roles has type NUMBER",
        "llmagentos.node.join-timeout = soon | 'soon'"
      })
  void shouldNameKeyValueAndLimit(String line, String message) {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> readAll(load(line)))
        .withMessageContaining(message)
        .withMessageContaining(
            line.substring(line.lastIndexOf('.', line.indexOf('=')) + 1, line.indexOf(" =")))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.SETTINGS_INVALID));
  }

  @Test
  void shouldTakeNumbersThatAreWrittenAsTexts() {
    Config config = load("llmagentos.http.port = \"8081\"");
    assertThat(Settings.read(config, "llmagentos.http", HttpSettings::create).port())
        .isEqualTo(8081);
  }

  @Test
  void shouldListenWhereOthersReachItUnlessTold() {
    NodeSettings same = Settings.read(
        load("llmagentos.node { host = localhost, artery-port = 4 }"),
        "llmagentos.node",
        NodeSettings::create);
    assertThat(same.bindHost()).isEqualTo("localhost");
    assertThat(same.bindPort()).isEqualTo(4);
    NodeSettings inside = Settings.read(
        load(
            "llmagentos.node { host = node1, artery-port = 4, bind-host = 0.0.0.0, bind-port = 5 }"),
        "llmagentos.node",
        NodeSettings::create);
    assertThat(inside.host()).isEqualTo("node1");
    assertThat(inside.arteryPort()).isEqualTo(4);
    assertThat(inside.bindHost()).isEqualTo("0.0.0.0");
    assertThat(inside.bindPort()).isEqualTo(5);
  }

  @Test
  void shouldNameAKeyOfAWrongType() {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> Settings.read(
            load("llmagentos.http.port = many"), "llmagentos.http", HttpSettings::create))
        .withMessageContaining("port")
        .withMessageContaining("NUMBER")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.SETTINGS_INVALID));
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> load("llmagentos.http = 8080"))
        .withMessageContaining("llmagentos.http must be OBJECT, is NUMBER");
  }

  @Test
  void shouldNotOpenADoorToOthersWithoutKeys() {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> Settings.read(
            load("llmagentos.http.host = 0.0.0.0"), "llmagentos.http", HttpSettings::create))
        .withMessageContaining("0.0.0.0")
        .withMessageContaining("llmagentos.http.api-keys is empty");
    HttpSettings open = Settings.read(
        load(
            "llmagentos.http { host = 0.0.0.0, api-keys = [{ key = 0123456789abcdef, tenant = t, principal = p }] }"),
        "llmagentos.http",
        HttpSettings::create);
    assertThat(open.apiKeys()).hasSize(1);
  }

  @Test
  void shouldNotOpenTheManagementPortToThePublic() {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> Settings.read(
            load("llmagentos.http.management-host = 0.0.0.0"),
            "llmagentos.http",
            HttpSettings::create))
        .withMessageContaining("management-host is 0.0.0.0");
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> Settings.read(
            load("llmagentos.http.management-host = 203.0.113.7"),
            "llmagentos.http",
            HttpSettings::create))
        .withMessageContaining("is public");
  }

  @Test
  void shouldRefuseUnknownRolesAndTransports() {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> Settings.read(
            load("llmagentos.node.roles = [cor]"), "llmagentos.node", NodeSettings::create))
        .withMessageContaining("'cor'");
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> Settings.read(
            load("llmagentos.node.transport = udp"), "llmagentos.node", NodeSettings::create))
        .withMessageContaining("tcp, tls-tcp or aeron-udp, is 'udp'");
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> Settings.read(
            load("llmagentos.node.transport = tls-tcp"), "llmagentos.node", NodeSettings::create))
        .withMessageContaining("llmagentos.node.tls.certificate");
  }

  @Test
  void shouldSayWhereAFileIsBroken() throws IOException {
    File broken = directory.resolve("broken.conf").toFile();
    Files.writeString(broken.toPath(), "llmagentos {\n  http { port = \n");
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> Settings.load(ConfigFactory.empty(), Optional.of(broken)))
        .withMessageContaining("broken.conf");
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> Settings.load(
            ConfigFactory.empty(), Optional.of(directory.resolve("none.conf").toFile())))
        .withMessageContaining("does not exist");
  }

  @Test
  void shouldLetTheCommandLineWinOverTheFile() throws IOException {
    Path file = directory.resolve("user.conf");
    Files.writeString(file, "llmagentos.http { port = 1, max-body = 2 MiB }");
    Config config = Settings.load(
        ConfigFactory.parseString("llmagentos.http.port = 3"), Optional.of(file.toFile()));
    assertThat(config.getInt("llmagentos.http.port")).isEqualTo(3);
    assertThat(config.getBytes("llmagentos.http.max-body")).isEqualTo(2 << 20);
  }

  /** A loaded node must be able to fall silent for a while: docs/benchmarks.md has what these come to. */
  @Test
  void shouldGiveSilentNodesTime() {
    Config cluster =
        Settings.load(ConfigFactory.empty(), Optional.empty()).getConfig("pekko.cluster");
    assertThat(cluster.getDuration("failure-detector.acceptable-heartbeat-pause"))
        .isEqualTo(Duration.ofSeconds(8));
    assertThat(cluster.getDuration("failure-detector.heartbeat-interval"))
        .isEqualTo(Duration.ofMillis(500));
    assertThat(cluster.getDuration("split-brain-resolver.stable-after"))
        .isEqualTo(Duration.ofSeconds(4));
    assertThat(cluster.getString("split-brain-resolver.keep-majority.role")).isEqualTo("core");
  }

  @Test
  void shouldKeepTheDefaults() {
    Config config = Settings.load(ConfigFactory.empty(), Optional.empty());
    NodeSettings node = Settings.read(config, "llmagentos.node", NodeSettings::create);
    HttpSettings http = Settings.read(config, "llmagentos.http", HttpSettings::create);
    assertThat(node.host()).isEqualTo("127.0.0.1");
    assertThat(node.arteryPort()).isEqualTo(25520);
    assertThat(node.bindHost()).isEqualTo("127.0.0.1");
    assertThat(node.bindPort()).isEqualTo(25520);
    assertThat(node.roles()).containsExactlyInAnyOrder("core", "model", "rollout", "learner");
    assertThat(node.transport()).isEqualTo(NodeSettings.Transport.TCP);
    assertThat(node.joinTimeout()).isEqualTo(Duration.ofMinutes(1));
    assertThat(node.drainTimeout()).isEqualTo(Duration.ofSeconds(15));
    assertThat(http.port()).isEqualTo(8080);
    assertThat(http.managementPort()).isEqualTo(8180);
    assertThat(http.maxBodyBytes()).isEqualTo(1 << 20);
    assertThat(http.requestTimeout()).isEqualTo(Duration.ofMinutes(2));
    assertThat(Settings.read(config, "llmagentos.cluster", ClusterSettings::create))
        .isEqualTo(new ClusterSettings(Duration.ofMillis(500), 3));
    assertThat(config.getInt("llmagentos.journal.connections")).isEqualTo(4);
  }

  private static void readAll(Config config) {
    Settings.read(config, "llmagentos.node", NodeSettings::create);
    Settings.read(config, "llmagentos.http", HttpSettings::create);
    Settings.read(config, "llmagentos.cluster", ClusterSettings::create);
    Settings.read(
        config, "llmagentos.journal", section -> JournalSettings.create(section, Path.of("data")));
  }

  private static Config load(String hocon) {
    return Settings.load(ConfigFactory.parseString(hocon), Optional.empty());
  }
}
