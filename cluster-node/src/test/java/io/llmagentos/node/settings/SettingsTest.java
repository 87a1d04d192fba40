package io.llmagentos.node.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.NodeSettings;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.HttpSettings;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @Test
  void shouldKeepTheDefaults() {
    Config config = Settings.load(ConfigFactory.empty(), Optional.empty());
    NodeSettings node = Settings.read(config, "llmagentos.node", NodeSettings::create);
    HttpSettings http = Settings.read(config, "llmagentos.http", HttpSettings::create);
    assertThat(node.host()).isEqualTo("127.0.0.1");
    assertThat(node.arteryPort()).isEqualTo(25520);
    assertThat(node.roles()).containsExactlyInAnyOrder("core", "model", "rollout", "learner");
    assertThat(node.transport()).isEqualTo(NodeSettings.Transport.TCP);
    assertThat(node.joinTimeout()).isEqualTo(Duration.ofMinutes(1));
    assertThat(node.drainTimeout()).isEqualTo(Duration.ofSeconds(15));
    assertThat(http.port()).isEqualTo(8080);
    assertThat(http.managementPort()).isEqualTo(8180);
    assertThat(http.maxBodyBytes()).isEqualTo(1 << 20);
    assertThat(http.requestTimeout()).isEqualTo(Duration.ofMinutes(2));
    assertThat(config.getDuration("llmagentos.cluster.probe-interval"))
        .isEqualTo(Duration.ofMillis(500));
    assertThat(config.getInt("llmagentos.cluster.probe-refusals")).isEqualTo(3);
    assertThat(config.getInt("llmagentos.journal.connections")).isEqualTo(4);
  }

  private static Config load(String hocon) {
    return Settings.load(ConfigFactory.parseString(hocon), Optional.empty());
  }
}
