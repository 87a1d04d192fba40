package io.llmagentos.node.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ValueTypeTest {
  private enum Colour {
    RED,
    DARK_BLUE
  }

  private enum Interval {
    NO,
    STEPS
  }

  private static void refused(ValueType<?> type, Object value, String expected) {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> type.parse("key", value))
        .withMessage("key is " + value + ", must be " + expected)
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.SETTINGS_INVALID))
        .satisfies(e -> assertThat(e.param()).isEqualTo("key"));
  }

  @Test
  void shouldReadNumbersAlsoWhereYamlTakesThemForTexts() {
    ValueType<Double> real = ValueType.real(0, Double.POSITIVE_INFINITY);
    assertThat(real.parse("key", "5e-5")).isEqualTo(5e-5);
    assertThat(real.parse("key", 1)).isEqualTo(1);
    assertThat(real.parse("key", "inf")).isEqualTo(Double.POSITIVE_INFINITY);
    refused(real, -1, "a number from 0.0 to inf");
    refused(real, "NaN", "a number from 0.0 to inf");
    refused(real, "much", "a number from 0.0 to inf");
    refused(real, true, "a number from 0.0 to inf");
  }

  @Test
  void shouldRefuseWhatIsNotWhole() {
    assertThat(ValueType.integer(1).parse("key", 2.0)).isEqualTo(2);
    refused(ValueType.integer(1), 0, "an integer of at least 1");
    refused(ValueType.integer(1, 5), 6, "an integer from 1 to 5");
    refused(ValueType.integer(1), 1.5, "an integer of at least 1");
    refused(ValueType.integer(1), 1L << 40, "an integer of at least 1");
    assertThat(ValueType.WHOLE.parse("key", 1L << 40)).isEqualTo(1L << 40);
    refused(ValueType.WHOLE, 0.5, "an integer");
  }

  @Test
  void shouldReadConstantsInLowerCase() {
    ValueType<Colour> colour = ValueType.choice(Colour.class);
    assertThat(colour.parse("key", "dark_blue")).isEqualTo(Colour.DARK_BLUE);
    assertThat(colour.parse("key", Colour.RED)).isEqualTo(Colour.RED);
    refused(colour, "Red", "one of red, dark_blue");
    refused(colour, false, "one of red, dark_blue");
    assertThat(ValueType.choice(Interval.class).parse("key", false))
        .as("an unquoted no in YAML")
        .isEqualTo(Interval.NO);
  }

  @Test
  void shouldReadFlagsTextsAndMaps() {
    assertThat(ValueType.FLAG.parse("key", true)).isTrue();
    refused(ValueType.FLAG, "true", "true or false");
    refused(ValueType.TEXT, 1, "a text");
    assertThat(ValueType.MAP.parse("key", Map.of("a", 1))).containsEntry("a", 1);
    refused(ValueType.MAP, 1, "a map");
  }
}
