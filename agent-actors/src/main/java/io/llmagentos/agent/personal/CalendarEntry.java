package io.llmagentos.agent.personal;

import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * One entry of the calendar.
 *
 * @param date its day, the first one if it repeats
 * @param time null: the whole day
 * @param place where, in the principal's words; may be empty
 */
public record CalendarEntry(
    String id,
    String title,
    LocalDate date,
    @Nullable LocalTime time,
    ZoneId zone,
    Repeat repeat,
    String place) {

  boolean on(LocalDate day) {
    return repeat.once() ? date.equals(day) : !day.isBefore(date) && repeat.on(day);
  }

  LocalTime sortTime() {
    return time == null ? LocalTime.MIN : time;
  }

  /** Such as "meeting on Friday 27 November at 9:00 AM". */
  String words() {
    return what() + " " + (repeat.once() ? "on " + Say.day(date) : repeat.words()) + timeWords();
  }

  String wordsOn(LocalDate day) {
    return what() + " on " + Say.day(day) + timeWords();
  }

  private String what() {
    return place.isEmpty() ? title : title + " in " + place;
  }

  private String timeWords() {
    return time == null ? "" : " at " + Say.time(time);
  }
}
