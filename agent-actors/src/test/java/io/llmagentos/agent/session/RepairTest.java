package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RepairTest {
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      no, make it ten                 | ten
      make it half past ten           | half past ten
      for eight instead               | for eight
      I meant Friday                  | Friday
      actually i meant the hall       | the hall
      Actually saturday at nine.      | saturday at nine
      set it to seven pm instead      | seven pm
      change it to the kitchen instead | the kitchen
      wait, for eight                 | for eight
      no, A17                         | A17
      """)
  void shouldTakeWhatIsMeantInstead(String message, String value) {
    assertThat(Repair.of(message)).contains(new Repair(value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"never mind", "Nevermind, thanks", "cancel that.", "no, forget it"})
  void shouldDropWhatWasAskedFor(String message) {
    assertThat(Repair.of(message))
        .hasValueSatisfying(repair -> assertThat(repair.drops()).isTrue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "make it brighter",
        "play jazz instead",
        "no, play jazz",
        "no",
        "nope, you are incorrect",
        "at ten",
        "cancel the friday one",
        "no, you don't get what i just requested",
        ""
      })
  void shouldLeaveAloneWhatIsNone(String message) {
    assertThat(Repair.of(message)).isEmpty();
  }
}
