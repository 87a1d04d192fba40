package io.llmagentos.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
