package io.llmagentos.agent.schedule;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** When something comes about. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Timing.Cron.class, name = "cron"),
  @JsonSubTypes.Type(value = Timing.Every.class, name = "every"),
  @JsonSubTypes.Type(value = Timing.At.class, name = "at")
})
public sealed interface Timing {
  /** More than this many are not counted. */
  int MOST_COUNTED = 1000;

  /**
   * The first time strictly after {@code now}; empty: there is none any more.
   *
   * @param last when it came about last, or was set
   */
  Optional<Instant> next(Instant last, Instant now);

  /** How often it came about after {@code due} until {@code now}; {@link #MOST_COUNTED} stands for more, too. */
  default int missed(Instant due, Instant now) {
    return missed(due, now, at -> next(at, at));
  }

  private static int missed(Instant due, Instant now, Function<Instant, Optional<Instant>> next) {
    return (int) Stream.iterate(next.apply(due), at -> at.flatMap(next))
        .limit(MOST_COUNTED)
        .takeWhile(at -> at.isPresent() && !at.get().isAfter(now))
        .count();
  }

  /**
   * The five fields of Unix' cron. A time that a clock change leaves out comes about later by the gap; one that it repeats comes about the first time.
   *
   * @param zone an IANA name
   */
  record Cron(String expression, String zone) implements Timing {
    private static final CronParser PARSER =
        new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));

    public Cron {
      try {
        PARSER.parse(expression).validate();
      } catch (IllegalArgumentException e) {
        throw invalid(
            "cron",
            "cron must be the five fields of Unix' cron such as '0 7 * * 1-5', is '" + expression
                + "': " + e.getMessage(),
            e);
      }
      requireZone(zone);
    }

    @Override
    public Optional<Instant> next(Instant last, Instant now) {
      return next(times(), now);
    }

    @Override
    public int missed(Instant due, Instant now) {
      ExecutionTime times = times();
      return Timing.missed(due, now, at -> next(times, at));
    }

    private ExecutionTime times() {
      return ExecutionTime.forCron(PARSER.parse(expression));
    }

    /** By the clock on the wall, which has no changes: those are in the way from there to the instant. */
    private Optional<Instant> next(ExecutionTime times, Instant now) {
      ZoneId in = ZoneId.of(zone);
      LocalDateTime wall = now.atZone(in).toLocalDateTime();
      while (true) {
        Optional<ZonedDateTime> next = times.nextExecution(wall.atZone(ZoneOffset.UTC));
        if (next.isEmpty()) {
          return Optional.empty();
        }
        wall = next.get().toLocalDateTime();
        Instant at = wall.atZone(in).toInstant();
        if (at.isAfter(now)) {
          return Optional.of(at);
        }
      }
    }
  }

  /** Again and again after the same time, counted from when it was set. */
  record Every(Duration period) implements Timing {
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    public Every {
      if (period.compareTo(SHORTEST) < 0) {
        throw invalid("every", "every must be at least " + SHORTEST + ", is " + period, null);
      }
    }

    @Override
    public Optional<Instant> next(Instant last, Instant now) {
      long passed = now.isBefore(last) ? 0 : Duration.between(last, now).dividedBy(period);
      return Optional.of(last.plus(period.multipliedBy(passed + 1)));
    }
  }

  /** Once. */
  record At(Instant at) implements Timing {
    @Override
    public Optional<Instant> next(Instant last, Instant now) {
      return Optional.of(at).filter(each -> each.isAfter(now));
    }
  }

  /**
   * From its texts, exactly one of which must be there.
   *
   * @param every such as {@code 15m}
   * @param at an instant such as {@code 2026-12-01T09:00:00Z}, or a local time such as {@code 2026-12-01T09:00}
   * @param zone an IANA name
   * @throws AgentOsException {@code INVALID_REQUEST}, naming what is wrong
   */
  static Timing parse(
      @Nullable String cron, @Nullable String every, @Nullable String at, String zone) {
    if (Stream.of(cron, every, at)
            .map(Optional::ofNullable)
            .flatMap(Optional::stream)
            .count()
        != 1) {
      throw invalid("cron", "exactly one of cron, every and at must be there", null);
    }
    ZoneId in = requireZone(zone);
    if (cron != null) {
      return new Cron(cron, zone);
    }
    if (every != null) {
      return new Every(period(every));
    }
    String time = Objects.requireNonNull(at);
    try {
      return new At(
          time.matches(".*T.*(Z|[+-]\\d\\d:?\\d\\d)")
              ? ZonedDateTime.parse(time).toInstant()
              : LocalDateTime.parse(time).atZone(in).toInstant());
    } catch (DateTimeException e) {
      throw invalid(
          "at", "at must be a time such as 2026-12-01T09:00 or with Z, is '" + time + "'", e);
    }
  }

  private static Duration period(String every) {
    try {
      return ConfigFactory.parseMap(Map.of("every", every)).getDuration("every");
    } catch (ConfigException e) {
      throw invalid("every", "every must be a duration such as 15m, is '" + every + "'", e);
    }
  }

  private static ZoneId requireZone(String zone) {
    try {
      return ZoneId.of(zone);
    } catch (DateTimeException e) {
      throw invalid(
          "zone", "zone must be an IANA name such as Europe/Berlin, is '" + zone + "'", e);
    }
  }

  private static AgentOsException invalid(String param, String message, @Nullable Throwable cause) {
    return new AgentOsException(ErrorCode.INVALID_REQUEST, message, param, cause);
  }
}
