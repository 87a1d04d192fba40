package io.llmagentos.agent.http;

import java.time.Clock;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;

/** The system's clock, set forward or back by a test. */
final class MovableClock extends Clock {
  private volatile Duration ahead = Duration.ZERO;

  /** One that begins on a Monday at noon. */
  static MovableClock onMonday() {
    MovableClock clock = new MovableClock();
    Instant now = clock.instant();
    clock.move(Duration.between(
        now,
        now.atZone(ZoneOffset.UTC)
            .with(TemporalAdjusters.next(DayOfWeek.MONDAY))
            .with(LocalTime.NOON)
            .toInstant()));
    return clock;
  }

  void move(Duration by) {
    ahead = ahead.plus(by);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Instant instant() {
    return Instant.now().plus(ahead);
  }
}
