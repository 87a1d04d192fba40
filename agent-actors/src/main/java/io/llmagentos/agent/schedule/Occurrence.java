package io.llmagentos.agent.schedule;

import java.time.Duration;
import java.time.Instant;

/**
 * A schedule's time has come, or an event: a turn to be, or one that is.
 *
 * @param key by which a repeated one is known: of the schedule and its time, or the event's own
 * @param schedule the schedule's id; empty: an event
 * @param turn the id of the turn that it becomes
 * @param missed how many further times of the schedule this one stands for
 * @param ended whether the turn is in its session's journal, or cannot be
 * @param error the error's code if it cannot be; else empty
 */
public record Occurrence(
    String key,
    String schedule,
    String turn,
    String principal,
    String session,
    String text,
    Instant due,
    int missed,
    boolean ended,
    String error) {
  private static final Duration ON_TIME = Duration.ofMinutes(1);

  Occurrence withEnd(String code) {
    return new Occurrence(key, schedule, turn, principal, session, text, due, missed, true, code);
  }

  /** How late it is in words, such as "40 minutes late, 3 more missed"; empty: on time. */
  static String late(Instant due, int missed, Instant now) {
    Duration late = Duration.between(due, now);
    if (late.compareTo(ON_TIME) < 0) {
      return "";
    }
    String more = missed == 0
        ? ""
        : ", " + (missed == Timing.MOST_COUNTED ? "at least " : "") + missed + " more missed";
    return words(late) + " late" + more;
  }

  private static String words(Duration duration) {
    long days = duration.toDays();
    return (days > 0 ? days + " d " : "")
        + (duration.toHoursPart() > 0 ? duration.toHoursPart() + " h " : "")
        + duration.toMinutesPart() + " min";
  }
}
