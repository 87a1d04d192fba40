package io.llmagentos.rl.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RlSettingsTest {
  @ParameterizedTest
  @CsvSource({
    "local-only, true, true",
    "local-only, false, false",
    "always, false, true",
    "never, true, false"
  })
  void shouldStartProgramsOnlyWhereThatIsSafe(String choice, boolean localOnly, boolean allowed) {
    assertThat(read(choice, localOnly)).isEqualTo(new RlSettings(allowed));
  }

  @Test
  void shouldBeLocalOnlyByDefault() {
    assertThat(ConfigFactory.load().getString("llmagentos.rl.environment-commands"))
        .isEqualTo("local-only");
  }

  @Test
  void shouldNameTheChoices() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read("sometimes", true))
        .withMessageContaining("[local-only, always, never], is 'sometimes'");
  }

  private static RlSettings read(String choice, boolean localOnly) {
    return RlSettings.create(
        ConfigFactory.parseString("environment-commands = " + choice), localOnly);
  }
}
