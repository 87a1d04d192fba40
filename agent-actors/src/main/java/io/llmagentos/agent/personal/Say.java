package io.llmagentos.agent.personal;

import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/** How moments, amounts and enumerations read in an answer. */
final class Say {
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("EEEE d MMMM", Locale.ENGLISH);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("h:mm a", Locale.ENGLISH);

  private Say() {}

  static String day(LocalDate date) {
    return DAY.format(date);
  }

  static String time(LocalTime time) {
    return TIME.format(time);
  }

  static String moment(ZonedDateTime at) {
    return day(at.toLocalDate()) + " at " + time(at.toLocalTime());
  }

  /** The two largest units, such as "1 day 2 hours" or "40 minutes". */
  static String duration(Duration duration) {
    long days = duration.toDays();
    int hours = duration.toHoursPart();
    int minutes = duration.toMinutesPart();
    if (days > 0) {
      return count(days, "day") + (hours > 0 ? " " + count(hours, "hour") : "");
    } else if (hours > 0) {
      return count(hours, "hour") + (minutes > 0 ? " " + count(minutes, "minute") : "");
    }
    return count(minutes, "minute");
  }

  static String count(long n, String unit) {
    return n + " " + (n == 1 ? unit : unit + "s");
  }

  /** "a", "a and b", "a, b and c"; {@code last} is the word before the last one. */
  static String join(List<String> items, String last) {
    int n = items.size();
    return n < 2
        ? String.join("", items)
        : String.join(", ", items.subList(0, n - 1)) + " " + last + " " + items.get(n - 1);
  }

  static String capital(String sentence) {
    return sentence.isEmpty()
        ? sentence
        : sentence.substring(0, 1).toUpperCase(Locale.ENGLISH) + sentence.substring(1);
  }
}
