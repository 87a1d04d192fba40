package io.llmagentos.agent.personal;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalTime;
import java.util.List;
import java.util.stream.Collectors;
import net.fortuna.ical4j.data.CalendarOutputter;
import net.fortuna.ical4j.model.Calendar;
import net.fortuna.ical4j.model.component.VEvent;
import net.fortuna.ical4j.model.property.DtStamp;
import net.fortuna.ical4j.model.property.DtStart;
import net.fortuna.ical4j.model.property.Location;
import net.fortuna.ical4j.model.property.ProdId;
import net.fortuna.ical4j.model.property.RRule;
import net.fortuna.ical4j.model.property.Summary;
import net.fortuna.ical4j.model.property.Uid;
import net.fortuna.ical4j.model.property.immutable.ImmutableCalScale;
import net.fortuna.ical4j.model.property.immutable.ImmutableVersion;

/** The calendar as iCalendar text (RFC 5545). */
public final class CalendarExport {
  private CalendarExport() {}

  /**
   * All entries; a UID never changes. What happens once is in UTC; what repeats is in local time without a zone, so that it keeps its hour across clock
   * changes wherever it is read.
   *
   * @param stamp when this text is made
   */
  public static String text(List<CalendarEntry> entries, Instant stamp) {
    Calendar calendar = new Calendar();
    calendar.add(new ProdId("-//LLMAgentOS//Personal calendar//EN"));
    calendar.add(ImmutableVersion.VERSION_2_0);
    calendar.add(ImmutableCalScale.GREGORIAN);
    for (CalendarEntry entry : entries) {
      calendar.add(event(entry, stamp));
    }
    StringWriter text = new StringWriter();
    try {
      new CalendarOutputter(false).output(calendar, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static VEvent event(CalendarEntry entry, Instant stamp) {
    VEvent event = new VEvent(false);
    event.add(new Uid(entry.id() + "@llmagentos"));
    event.add(new DtStamp(stamp));
    event.add(start(entry));
    event.add(new Summary(entry.title()));
    if (!entry.place().isEmpty()) {
      event.add(new Location(entry.place()));
    }
    if (!entry.repeat().once()) {
      String days =
          entry.repeat().days().stream().map(CalendarExport::code).collect(Collectors.joining(","));
      event.add(new RRule<>("FREQ=WEEKLY;BYDAY=" + days));
    }
    return event;
  }

  private static DtStart<?> start(CalendarEntry entry) {
    LocalTime time = entry.time();
    if (time == null) {
      return new DtStart<>(entry.date());
    } else if (!entry.repeat().once()) {
      return new DtStart<>(entry.date().atTime(time));
    }
    return new DtStart<>(entry.date().atTime(time).atZone(entry.zone()).toInstant());
  }

  private static String code(DayOfWeek day) {
    return day.name().substring(0, 2);
  }
}
