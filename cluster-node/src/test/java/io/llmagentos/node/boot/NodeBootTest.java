package io.llmagentos.node.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the machine or its files refuse ends the boot before anything runs, with a code and the key to change. */
class NodeBootTest {
  @TempDir
  private Path directory = Path.of("");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llmagentos.http.port",
        "llmagentos.http.management-port",
        "llmagentos.node.artery-port",
        "llmagentos.node.bind-port"
      })
  void shouldNameThePortThatIsTakenAndItsKey(String key) throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      refused(
          Map.of(key, taken.getLocalPort()),
          ErrorCode.PORT_IN_USE,
          key,
          "port " + taken.getLocalPort() + " on 127.0.0.1 is not free",
          "choose another by " + key);
    }
  }

  @Test
  void shouldRefuseADataDirectoryThatANewerVersionWrote() throws IOException {
    Files.writeString(directory.resolve("version"), "3\n");
    refused(
        Map.of(),
        ErrorCode.DATA_DIRECTORY_NEWER,
        "llmagentos.node.data-dir",
        "data directory " + directory + " has version 3, this LLMAgentOS reads up to 1",
        "run the newer one");
  }

  @Test
  void shouldRefuseADataDirectoryThatAnotherNodeUses() {
    try (var other = DataDirectory.open(directory)) {
      assertThat(other).isNotNull();
      refused(
          Map.of(),
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          "llmagentos.node.data-dir",
          "data directory " + directory + " is in use by another node");
    }
  }

  private void refused(Map<String, Object> settings, ErrorCode code, String key, String... texts) {
    var all = new TreeMap<String, Object>(Map.of(
        "llmagentos.node.artery-port", 0,
        "llmagentos.http.port", 0,
        "llmagentos.http.management-port", 0));
    all.put("llmagentos.node.data-dir", directory.toString());
    all.putAll(settings);
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> NodeBoot.start(ConfigFactory.parseMap(all)))
        .satisfies(e -> {
          assertThat(e.code()).isEqualTo(code);
          assertThat(e.param()).isEqualTo(key);
          assertThat(e.getMessage()).contains(texts);
        });
  }
}
