package io.llmagentos.node.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  @TempDir
  private Path directory = Path.of("");

  @Test
  void shouldBeUsedByOneNodeAtATime() {
    try (DataDirectory first = DataDirectory.open(directory)) {
      assertThat(first).isNotNull();
      refused(ErrorCode.DATA_DIRECTORY_UNUSABLE, "in use by another node");
    }
    DataDirectory.open(directory).close();
  }

  @Test
  void shouldRefuseWhatANewerVersionWrote() throws IOException {
    Files.writeString(directory.resolve("version"), "2\n");
    refused(ErrorCode.DATA_DIRECTORY_NEWER, "has version 2, this LLMAgentOS reads up to 1");
  }

  @Test
  void shouldRefuseADirectoryThatIsNone() throws IOException {
    Files.writeString(directory.resolve("version"), "one");
    refused(ErrorCode.DATA_DIRECTORY_UNUSABLE, "must hold a number, holds 'one'");
    Path file = Files.writeString(directory.resolve("file"), "");
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> DataDirectory.open(file))
        .withMessageContaining("cannot be used");
  }

  private void refused(ErrorCode code, String message) {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> DataDirectory.open(directory))
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.code()).isEqualTo(code));
  }
}
