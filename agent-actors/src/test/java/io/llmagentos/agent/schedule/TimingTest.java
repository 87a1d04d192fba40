package io.llmagentos.agent.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.node.error.AgentOsException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimingTest {
  private static final String BERLIN = "Europe/Berlin";

  private static List<String> next(Timing timing, String from, int count) {
    List<String> all = new ArrayList<>();
    Instant at = Instant.parse(from);
    for (int i = 0; i < count; i++) {
      at = timing.next(at, at).orElseThrow();
      all.add(at.toString());
    }
    return all;
  }

  @Test
  void shouldReadCronInItsZone() {
    assertThat(next(new Timing.Cron("0 7 * * 1-5", BERLIN), "2026-11-27T05:00:00Z", 2))
        .containsExactly("2026-11-27T06:00:00Z", "2026-11-30T06:00:00Z");
    assertThat(next(new Timing.Cron("*/20 9 1 * *", "UTC"), "2026-11-27T05:00:00Z", 4))
        .containsExactly(
            "2026-12-01T09:00:00Z",
            "2026-12-01T09:20:00Z",
            "2026-12-01T09:40:00Z",
            "2027-01-01T09:00:00Z");
  }

  @Test
  void shouldComeOnceOnADayOnWhichTheClocksChange() {
    Timing nightly = new Timing.Cron("30 2 * * *", BERLIN);
    assertThat(next(nightly, "2027-03-27T12:00:00Z", 2))
        .as("there is no 2:30")
        .containsExactly("2027-03-28T01:30:00Z", "2027-03-29T00:30:00Z");
    assertThat(next(nightly, "2026-10-24T12:00:00Z", 2))
        .as("there are two")
        .containsExactly("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
  }

  @Test
  void shouldCountFromWhenItWasSet() {
    Timing every = new Timing.Every(Duration.ofMinutes(10));
    Instant set = Instant.parse("2026-11-27T05:03:00Z");
    assertThat(every.next(set, set)).contains(set.plusSeconds(600));
    assertThat(every.next(set, set.plusSeconds(1500))).contains(set.plusSeconds(1800));
    assertThat(every.next(set, set.minusSeconds(1500))).contains(set.plusSeconds(600));
    assertThat(every.missed(set, set.plusSeconds(599))).isZero();
    assertThat(every.missed(set, set.plusSeconds(1800))).isEqualTo(3);
    assertThat(new Timing.Cron("*/10 * * * *", BERLIN).missed(set, set.plusSeconds(1800)))
        .isEqualTo(3);
    assertThat(new Timing.Every(Duration.ofSeconds(1)).missed(set, set.plusSeconds(9_999)))
        .isEqualTo(Timing.MOST_COUNTED);
    assertThat(new Timing.At(set).next(set, set)).isEmpty();
    assertThat(new Timing.At(set).next(set, set.minusMillis(1))).contains(set);
  }

  @Test
  void shouldReadItsTexts() {
    assertThat(Timing.parse("0 7 * * *", null, null, BERLIN))
        .isEqualTo(new Timing.Cron("0 7 * * *", BERLIN));
    assertThat(Timing.parse(null, "15m", null, BERLIN))
        .isEqualTo(new Timing.Every(Duration.ofMinutes(15)));
    assertThat(Timing.parse(null, null, "2026-12-01T09:00", BERLIN))
        .isEqualTo(Timing.parse(null, null, "2026-12-01T08:00:00Z", BERLIN))
        .isEqualTo(new Timing.At(Instant.parse("2026-12-01T08:00:00Z")));
  }

  @Test
  void shouldSayWhatIsWrong() {
    assertThatThrownBy(() -> Timing.parse(null, null, null, BERLIN)).hasMessageContaining("one of");
    assertThatThrownBy(() -> Timing.parse("0 7 * * *", "1m", null, BERLIN))
        .hasMessageContaining("one of");
    assertThatThrownBy(() -> Timing.parse("0 25 * * *", null, null, BERLIN))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("25");
    assertThatThrownBy(() -> Timing.parse(null, "soon", null, BERLIN))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("'soon'");
    assertThatThrownBy(() -> Timing.parse(null, "1ms", null, BERLIN)).hasMessageContaining("PT1S");
    assertThatThrownBy(() -> Timing.parse(null, null, "tomorrow", BERLIN))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("tomorrow");
    assertThatThrownBy(() -> Timing.parse("0 7 * * *", null, null, "Berlin"))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining("Berlin");
  }
}
