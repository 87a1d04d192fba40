package io.llmagentos.agent.personal;

import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Period;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What some words say about time, without guessing what they leave out.
 *
 * @param exact a moment given as a distance from now, such as "in twenty minutes"
 * @param days the day or days
 * @param clocks the times of day, as they stand
 * @param part the part of the day
 * @param repeat the days of the week on which it comes back
 * @param unsupported a way of repeating that {@link Repeat} cannot express, such as "monthly"; may be empty
 * @param window the span of the day, for queries
 */
record TimePhrase(
    @Nullable ZonedDateTime exact,
    @Nullable Days days,
    List<Clock> clocks,
    @Nullable Part part,
    Repeat repeat,
    String unsupported,
    @Nullable Window window) {
  static final TimePhrase NOTHING =
      new TimePhrase(null, null, List.of(), null, Repeat.NEVER, "", null);

  /** From {@code first} to {@code last}; a phrase that names no year, month or week means {@code roll} later once it has passed. */
  record Days(LocalDate first, LocalDate last, Period roll) {
    boolean contains(LocalDate date) {
      return !date.isBefore(first) && !date.isAfter(last);
    }

    boolean single() {
      return first.equals(last);
    }
  }

  /** A time of day; {@code open}: am or pm was not said, and {@code time} is before noon. */
  record Clock(LocalTime time, boolean open) {
    boolean matches(LocalTime other) {
      return time.equals(other) || (open && time.plusHours(12).equals(other));
    }

    String words() {
      return open ? Say.time(time).replaceAll(" [AP]M", "") : Say.time(time);
    }
  }

  /** From {@code from} (inclusive) to {@code to} (exclusive). */
  record Window(LocalTime from, LocalTime to) {
    boolean contains(LocalTime time) {
      return !time.isBefore(from) && time.isBefore(to);
    }
  }

  enum Part {
    MORNING(0, 12),
    AFTERNOON(12, 18),
    EVENING(17, 24),
    NIGHT(18, 24);

    private final int from;
    private final int to;

    Part(int from, int to) {
      this.from = from;
      this.to = to;
    }

    boolean contains(LocalTime time) {
      return time.getHour() >= from && time.getHour() < to;
    }

    String words() {
      return name().toLowerCase(java.util.Locale.ENGLISH);
    }
  }

  boolean nothing() {
    return equals(NOTHING);
  }

  boolean timed() {
    return exact != null || !clocks.isEmpty();
  }

  /** The first time of day with the part of the day taken into account; an hour that stays open is before noon. Only when there is one. */
  LocalTime time() {
    return times(clocks.getFirst()).getFirst();
  }

  private List<LocalTime> times(Clock clock) {
    LocalTime am = clock.time();
    if (!clock.open()) {
      return List.of(am);
    } else if (part == null) {
      return List.of(am, am.plusHours(12));
    }
    boolean small = part == Part.NIGHT && am.getHour() < 5;
    return List.of(part == Part.MORNING || small ? am : am.plusHours(12));
  }

  /**
   * The first moment after {@code now} that these words can mean: a time of day without a day is the next one, a weekday that has passed is next
   * week's. Empty when they give no time of day, or one that is past for certain.
   */
  Optional<ZonedDateTime> next(ZonedDateTime now) {
    if (exact != null) {
      return Optional.of(exact).filter(at -> at.isAfter(now));
    } else if (clocks.isEmpty()) {
      return Optional.empty();
    } else if (!repeat.once()) {
      return Optional.of(repeat.next(now.toInstant(), time(), now.getZone()).atZone(now.getZone()));
    }
    LocalDate today = now.toLocalDate();
    Stream<LocalDate> candidates = days == null
        ? Stream.of(today, today.plusDays(1))
        : days.roll().isZero()
            ? Stream.of(days.first())
            : Stream.of(days.first(), days.first().plus(days.roll()));
    return candidates
        .flatMap(date -> times(clocks.getFirst()).stream().map(time -> at(date, time)))
        .map(at -> at.atZone(now.getZone()))
        .filter(at -> at.isAfter(now))
        .findFirst();
  }

  /** The night after a day runs into the next date: "tonight at two am", "friday at midnight". */
  private LocalDateTime at(LocalDate date, LocalTime time) {
    boolean after =
        (days != null && time.equals(LocalTime.MIDNIGHT) && !clocks.getFirst().open())
            || (part == Part.NIGHT && days != null && time.getHour() < 5);
    return LocalDateTime.of(after ? date.plusDays(1) : date, time);
  }

  /** Whether something that happens on {@code date} at {@code time} is what these words are about; what they leave out fits everything. */
  boolean matches(LocalDate date, LocalTime time) {
    return (days == null || days.contains(date)) && matches(time);
  }

  boolean matches(LocalTime time) {
    return (part == null || part.contains(time))
        && (window == null || window.contains(time))
        && (clocks.isEmpty()
            || window != null
            || clocks.stream().anyMatch(clock -> clock.matches(time)))
        && (exact == null || Duration.between(exact.toLocalTime(), time).abs().toMinutes() < 1);
  }

  /** This, with what it leaves out filled in from {@code other}. */
  TimePhrase or(TimePhrase other) {
    boolean when = exact != null || !clocks.isEmpty();
    return new TimePhrase(
        when ? exact : other.exact,
        days != null ? days : other.days,
        when ? clocks : other.clocks,
        part != null ? part : other.part,
        repeat.once() ? other.repeat : repeat,
        unsupported.isEmpty() ? other.unsupported : unsupported,
        window != null ? window : other.window);
  }
}
