package io.llmagentos.agent.personal;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** On which days of the week something comes back; none: it happens once. */
public record Repeat(List<DayOfWeek> days) {
  public static final Repeat NEVER = new Repeat(List.of());
  public static final Repeat DAILY = new Repeat(List.of(DayOfWeek.values()));
  public static final Repeat WEEKDAYS = of(EnumSet.range(DayOfWeek.MONDAY, DayOfWeek.FRIDAY));
  public static final Repeat WEEKENDS = of(EnumSet.of(DayOfWeek.SATURDAY, DayOfWeek.SUNDAY));

  public Repeat {
    days = days.stream().distinct().sorted().toList();
  }

  static Repeat of(Collection<DayOfWeek> days) {
    return new Repeat(List.copyOf(days));
  }

  boolean once() {
    return days.isEmpty();
  }

  boolean on(LocalDate date) {
    return days.contains(date.getDayOfWeek());
  }

  /** The first occurrence at {@code time} strictly after {@code after}; a moment in a clock change's gap moves forward by the gap. Only for what repeats. */
  Instant next(Instant after, LocalTime time, ZoneId zone) {
    LocalDate date = after.atZone(zone).toLocalDate();
    for (int i = 0; i <= 8; i++, date = date.plusDays(1)) {
      Instant at = ZonedDateTime.of(date, time, zone).toInstant();
      if (on(date) && at.isAfter(after)) {
        return at;
      }
    }
    throw new IllegalStateException("nothing comes after " + after + " in " + days);
  }

  /** Such as "every weekday"; empty for what happens once. */
  String words() {
    if (once()) {
      return "";
    } else if (days.size() == 7) {
      return "every day";
    } else if (equals(WEEKDAYS)) {
      return "every weekday";
    }
    return "every " + days.stream().map(Repeat::name).collect(Collectors.joining(" and "));
  }

  private static String name(DayOfWeek day) {
    return day.getDisplayName(TextStyle.FULL, Locale.ENGLISH);
  }
}
