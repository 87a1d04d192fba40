package io.llmagentos.agent.budget;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/** After which an account starts from nothing again; in UTC. */
public enum Period {
  DAY,
  MONTH,
  FOREVER;

  /** When the period began that an instant lies in. */
  public Instant start(Instant at) {
    return switch (this) {
      case DAY -> at.truncatedTo(ChronoUnit.DAYS);
      case MONTH ->
        at.atZone(ZoneOffset.UTC).withDayOfMonth(1).truncatedTo(ChronoUnit.DAYS).toInstant();
      case FOREVER -> Instant.EPOCH;
    };
  }

  public String id() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
