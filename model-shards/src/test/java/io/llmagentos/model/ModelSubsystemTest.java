package io.llmagentos.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.model.serving.LocalModelSettings;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.weights.ShippedModel;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelSubsystemTest {
  private static final Config SECTION = ConfigFactory.load().getConfig("llmagentos.model");

  private static ModelEntry entry(String config) {
    return ModelEntry.read("m", ConfigFactory.parseString(config), SECTION);
  }

  @Test
  void shouldHaveTheDefaultsOfTheReference() {
    LocalModelSettings settings = LocalModelSettings.create(
        entry("kind = local, path = /models/x, threads = 3").config(), Path.of("/models/x"));
    assertThat(settings)
        .isEqualTo(new LocalModelSettings(Path.of("/models/x"), 3, 16, 64, 16384, 16, 256));
    assertThat(SECTION.getBoolean("nano")).isTrue();
    assertThat(SECTION.getDuration("find-timeout")).hasSeconds(3);
    assertThat(SECTION.getDuration("failover-timeout")).hasSeconds(10);
    assertThat(SECTION.getDuration("openai.timeout")).hasSeconds(60);
  }

  @Test
  void shouldNameTheNearestKey() {
    assertThatThrownBy(() -> entry("kind = local, path = x, max-bach = 3"))
        .isInstanceOfSatisfying(
            AgentOsException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.SETTINGS_UNKNOWN_KEY))
        .hasMessageContaining("did you mean llmagentos.model.models.m.max-batch?");
    assertThatThrownBy(() -> entry("kind = lokal"))
        .isInstanceOfSatisfying(
            AgentOsException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SETTINGS_INVALID))
        .hasMessageContaining("local, openai, scripted");
  }

  @Test
  void shouldRefuseSettingsOutOfRange() {
    assertThatThrownBy(() -> LocalModelSettings.create(
            entry("kind = local, path = x, max-batch = 0").config(), Path.of("x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("max-batch must be at least 1, is 0");
  }

  @Test
  void shouldRefuseATokenizerThatIsLargerThanTheModel() {
    Path directory = GoldenData.resources().resolve("tokenizers/gpt2-bpe");
    try (Tokenizer tokenizer = Tokenizer.load(directory)) {
      int size = tokenizer.vocabulary().size();
      ModelSubsystem.requireFits(directory, tokenizer, size);
      assertThatThrownBy(() -> ModelSubsystem.requireFits(directory, tokenizer, size - 1))
          .isInstanceOfSatisfying(
              AgentOsException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_FILE_CORRUPT))
          .hasMessageContaining(directory.resolve("tokenizer.json").toString())
          .hasMessageContaining(
              "up to " + (size - 1) + ", vocab_size in config.json is " + (size - 1));
    }
  }

  @Test
  void shouldUnpackNothingWhereTheJarHasNoModel(@TempDir Path data) {
    assertThat(ShippedModel.unpack("no-such-model", data)).isEmpty();
  }

  @Test
  void shouldUnpackAModelOnce(@TempDir Path data) {
    Path first = ShippedModel.unpack("test-model", data).orElseThrow();
    assertThat(first.resolve("config.json")).exists();
    assertThat(first.resolve("agentos.json")).exists();
    assertThat(ShippedModel.unpack("test-model", data)).contains(first);
    assertThat(data).isDirectoryContaining(path -> path.equals(first));
  }
}
