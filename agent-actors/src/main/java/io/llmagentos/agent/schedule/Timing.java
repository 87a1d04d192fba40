package io.llmagentos.agent.schedule;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
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
    return (int) Stream.iterate(next(due, due), at -> at.flatMap(each -> next(each, each)))
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
      PARSER.parse(expression).validate();
      ZoneId.of(zone);
    }

    /** By the clock on the wall, which has no changes: those are in the way from there to the instant. */
    @Override
    public Optional<Instant> next(Instant last, Instant now) {
      ZoneId in = ZoneId.of(zone);
      ExecutionTime times = ExecutionTime.forCron(PARSER.parse(expression));
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
        throw new IllegalArgumentException("every is " + period + ", must be at least " + SHORTEST);
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
   * @throws IllegalArgumentException saying what is wrong
   */
  static Timing parse(
      @Nullable String cron, @Nullable String every, @Nullable String at, String zone) {
    if (Stream.of(cron, every, at)
            .map(Optional::ofNullable)
            .flatMap(Optional::stream)
            .count()
        != 1) {
      throw new IllegalArgumentException("exactly one of cron, every and at must be there");
    }
    try {
      ZoneId in = ZoneId.of(zone);
      if (cron != null) {
        return new Cron(cron, zone);
      }
      if (every != null) {
        return new Every(ConfigFactory.parseMap(Map.of("every", every)).getDuration("every"));
      }
      String time = Objects.requireNonNull(at);
      return new At(
          time.matches(".*T.*(Z|[+-]\\d\\d:?\\d\\d)")
              ? ZonedDateTime.parse(time).toInstant()
              : LocalDateTime.parse(time).atZone(in).toInstant());
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "zone must be an IANA name such as Europe/Berlin, at a time such as 2026-12-01T09:00 or with Z: "
              + e.getMessage(),
          e);
    } catch (ConfigException e) {
      throw new IllegalArgumentException(
          "every must be a duration such as 15m, is '" + every + "'", e);
    }
  }
}
