package io.llmagentos.model.training.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingSettingsTest {
  private static final Config DEFAULTS = ConfigFactory.load().getConfig("llmagentos.training");

  @Test
  void shouldReadAnywhereWhileNobodyNeedsAKey() {
    TrainingSettings local = TrainingSettings.create(DEFAULTS, true);
    assertThatCode(() -> local.require("train_file", "/etc/passwd")).doesNotThrowAnyException();
    refused(TrainingSettings.create(DEFAULTS, false), "/etc/passwd");
  }

  @Test
  void shouldKeepToItsDirectories(@TempDir Path home) throws IOException {
    Path inside = Files.createDirectories(home.resolve("in"));
    Path outside = Files.createDirectories(home.resolve("out"));
    Files.createSymbolicLink(inside.resolve("link"), outside);
    TrainingSettings settings = new TrainingSettings(false, List.of(inside.toRealPath()));
    for (String fine : List.of("a.txt", "new/deep/er", "*.txt", "new/*/a.txt")) {
      assertThatCode(() -> settings.require("train_file", inside + "/" + fine))
          .as(fine)
          .doesNotThrowAnyException();
    }
    for (String path : List.of("../out/a.txt", "link/a.txt", "*/../../out/a.txt", "link/new")) {
      refused(settings, inside + "/" + path);
    }
    refused(settings, outside.toString());
    refused(settings, home + "/*");
    assertThat(settings.directories()).hasSize(1);
  }

  private static void refused(TrainingSettings settings, String path) {
    assertThatThrownBy(() -> settings.require("train_file", path))
        .as(path)
        .isInstanceOfSatisfying(AgentOsException.class, e -> {
          assertThat(e.code()).isEqualTo(ErrorCode.FORBIDDEN);
          assertThat(e.param()).isEqualTo("train_file");
        })
        .hasMessageContaining("llmagentos.training.directories");
  }
}
