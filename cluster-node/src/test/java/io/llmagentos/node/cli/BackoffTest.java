package io.llmagentos.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private final Backoff backoff = new Backoff();

  @Test
  void shouldDoubleFromOneSecondToThirty() {
    assertThat(Stream.generate(() -> backoff.next(Duration.ofSeconds(2)).toSeconds())
            .limit(7))
        .containsExactly(1L, 2L, 4L, 8L, 16L, 30L, 30L);
  }

  @Test
  void shouldBeginAnewAfterAMinuteOfLife() {
    backoff.next(Duration.ZERO);
    backoff.next(Duration.ZERO);
    assertThat(backoff.next(Duration.ofMinutes(1))).isEqualTo(Duration.ofSeconds(1));
    assertThat(backoff.next(Duration.ZERO)).isEqualTo(Duration.ofSeconds(2));
  }
}
