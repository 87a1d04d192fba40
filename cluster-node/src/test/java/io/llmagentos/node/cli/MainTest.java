package io.llmagentos.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("the standard output of the JVM")
class MainTest {
  private final StringWriter errors = new StringWriter();
  private final StringWriter out = new StringWriter();

  @Test
  void shouldSuggestTheCommandThatWasMeant() {
    assertThat(run("statsu")).isEqualTo(2);
    assertThat(errors.toString()).contains("agentos status");
  }

  @Test
  void shouldEndWithTwoOnAWrongOption() {
    assertThat(run("up", "--nodes=many")).isEqualTo(2);
    assertThat(run("up", "--nodes=0")).isEqualTo(2);
    assertThat(errors.toString()).contains("--nodes is 0").doesNotContain("\tat ");
  }

  @Test
  void shouldEndWithOneAndACodeOnAFailure(@TempDir Path directory) {
    assertThat(run("up", "--data=" + directory, "--config=" + directory.resolve("absent.conf")))
        .isEqualTo(1);
    assertThat(errors.toString())
        .contains("settings_invalid", "absent.conf")
        .doesNotContain("\tat ");
  }

  @Test
  void shouldNameThePortThatIsTaken(@TempDir Path directory) throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      for (int base : new int[] {port, port - 100, port - 200}) {
        assertThat(run("up", "--data=" + directory, "--port=" + base)).isEqualTo(1);
        assertThat(errors.toString())
            .contains("error: port_in_use: port " + port + " is taken", "--port (now " + base);
        assertThat(run("up", "--nodes=3", "--data=" + directory, "--port=" + base))
            .isEqualTo(1);
      }
      assertThat(errors.toString().lines().filter(line -> line.contains("port_in_use")))
          .hasSize(6);
    }
  }

  @Test
  void shouldRefuseAFileWithAnUnknownKeyBeforeAnythingStarts(@TempDir Path directory)
      throws IOException {
    var file = Files.writeString(directory.resolve("my.conf"), "llmagentos.agent2.zone = UTC\n");
    assertThat(run("up", "--nodes=3", "--data=" + directory.resolve("d"), "--config=" + file))
        .isEqualTo(1);
    assertThat(errors.toString())
        .contains("error: settings_unknown_key: unknown setting llmagentos.agent2; did you mean");
    assertThat(directory.resolve("d")).doesNotExist();
  }

  @Test
  void shouldPrintItsVersion() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString()).startsWith("agentos ");
  }

  @Test
  void shouldHideCommandsThatOnlyTheSupervisorStarts() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString())
        .contains("up", "status")
        .doesNotContain("Run one node from settings files");
  }

  private int run(String... arguments) {
    return Main.commandLine()
        .setErr(new PrintWriter(errors, true))
        .setOut(new PrintWriter(out, true))
        .execute(arguments);
  }
}
