package io.llmagentos.agent.personal;

import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/**
 * One alarm.
 *
 * @param due when it rings next
 * @param zone in which {@code time} is read, also after a clock change
 * @param label what it is for, in the principal's words; may be empty
 */
public record Alarm(
    String id, Instant due, ZoneId zone, LocalTime time, Repeat repeat, String label) {
  ZonedDateTime at() {
    return due.atZone(zone);
  }

  String timer() {
    return "alarm/" + id;
  }

  Alarm dueAt(Instant next) {
    return new Alarm(id, next, zone, time, repeat, label);
  }

  /** Such as "Friday 27 November at 9:00 AM (dentist)" or "every weekday at 7:00 AM". */
  String words() {
    String when = repeat.once() ? Say.moment(at()) : repeat.words() + " at " + Say.time(time);
    return label.isEmpty() ? when : when + " (" + label + ")";
  }
}
