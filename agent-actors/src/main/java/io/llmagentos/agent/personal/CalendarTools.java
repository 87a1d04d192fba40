package io.llmagentos.agent.personal;

import io.llmagentos.agent.personal.CalendarEvent.EntryAdded;
import io.llmagentos.agent.personal.CalendarEvent.EntryRemoved;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.Period;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Adds, tells and removes entries of the calendar. */
final class CalendarTools {
  private static final int AHEAD = 366; // days that a query without a date looks ahead
  private static final int TOLD = 10; // entries told at once
  private static final String[] SLOTS = {
    "event_name",
    "date",
    "time",
    "timeofday",
    "general_frequency",
    "person",
    "relation",
    "meal_type",
    "place_name"
  };

  private CalendarTools() {}

  static List<PersonalTool> tools() {
    return List.of(
        FunctionTool.of("calendar_set", "Adds an event to the calendar.", CalendarTools::set, SLOTS)
            .undoneBy("calendar_remove"),
        FunctionTool.of(
                "calendar_query", "Tells what is in the calendar.", CalendarTools::query, SLOTS)
            .telling(),
        FunctionTool.of(
            "calendar_remove", "Removes events from the calendar.", CalendarTools::remove, SLOTS));
  }

  private static ToolOutcome set(ToolArguments arguments, ToolContext context) {
    String title = title(arguments);
    TimePhrase when = Times.of(arguments, context);
    if (title.isEmpty()) {
      return ToolOutcome.answer("What should I call the event?");
    } else if (!when.unsupported().isEmpty()) {
      return ToolOutcome.answer("I can repeat an event daily or on given weekdays, not "
          + when.unsupported() + ". When should it be?");
    } else if (!when.timed() && when.days() == null && when.repeat().once()) {
      return ToolOutcome.answer("On what day and at what time is " + title + "?");
    } else if (!when.timed() && when.part() != null) {
      return ToolOutcome.answer(
          "At what time in the " + when.part().words() + " is " + title + "?");
    } else if (when.days() != null && !when.days().single() && when.repeat().once()) {
      return ToolOutcome.answer("On which day is " + title + "?");
    }
    ZonedDateTime now = context.now();
    LocalDate date;
    LocalTime time = null;
    if (when.timed()) {
      Optional<ZonedDateTime> at = daytime(when).next(now);
      if (at.isEmpty()) {
        return ToolOutcome.answer("That time has already passed. When is " + title + "?");
      }
      date = at.get().toLocalDate();
      time = at.get().toLocalTime();
    } else if (!when.repeat().once()) {
      date = when.repeat()
          .next(now.toInstant(), LocalTime.MAX, now.getZone())
          .atZone(now.getZone())
          .toLocalDate();
    } else {
      date = Objects.requireNonNull(when.days()).first();
      if (date.isBefore(now.toLocalDate())) {
        return ToolOutcome.answer(
            Say.capital(Say.day(date)) + " has already passed. When is " + title + "?");
      }
    }
    CalendarEntry entry = new CalendarEntry(
        Ids.of(context.callKey()),
        title,
        date,
        time,
        now.getZone(),
        when.repeat(),
        arguments.text("place_name").orElse(""));
    return new ToolOutcome(
        List.of(new EntryAdded(entry)), "Added to your calendar: " + entry.words() + ".");
  }

  /** An hour whose am or pm was left open is taken between 7 AM and 7 PM: nobody meets at three at night unless they say so. */
  private static TimePhrase daytime(TimePhrase when) {
    if (when.part() != null
        || when.clocks().isEmpty()
        || !when.clocks().getFirst().open()) {
      return when;
    }
    LocalTime am = when.clocks().getFirst().time();
    TimePhrase.Clock clock = new TimePhrase.Clock(am.getHour() < 7 ? am.plusHours(12) : am, false);
    return new TimePhrase(when.exact(), when.days(), List.of(clock), null, when.repeat(), "", null);
  }

  /** What the event is called, in the principal's words: its name, and with whom. */
  private static String title(ToolArguments arguments) {
    String what =
        arguments.text("event_name").or(() -> arguments.text("meal_type")).orElse("");
    String who = arguments.text("person").or(() -> arguments.text("relation")).orElse("");
    boolean possessive = who.endsWith("'s");
    String title = who.isEmpty() || what.contains(who)
        ? what
        : what.isEmpty() ? who : possessive ? who + " " + what : what + " with " + who;
    return title.length() > 200 ? title.substring(0, 200) : title;
  }

  private record Occurrence(CalendarEntry entry, LocalDate date) {
    String words() {
      return entry.wordsOn(date);
    }
  }

  private static ToolOutcome query(ToolArguments arguments, ToolContext context) {
    TimePhrase when = Times.of(arguments, context);
    String asked = title(arguments);
    List<Occurrence> found = occurrences(context, when, asked);
    String span = span(when);
    if (found.isEmpty()) {
      boolean general = asked.isEmpty() || Words.alike(GENERAL, asked);
      return ToolOutcome.answer(
          "You have " + (general ? "nothing" : "no " + asked) + " in your calendar" + span + ".");
    }
    List<Occurrence> told = Which.of(context.request()).position() == 1
        ? List.of(found.getFirst())
        : found.stream().limit(TOLD).toList();
    String more = told.size() < found.size() && told.size() == TOLD
        ? "; and " + (found.size() - TOLD) + " more"
        : "";
    return ToolOutcome.answer("In your calendar" + span + ": "
        + told.stream().map(Occurrence::words).collect(Collectors.joining("; ")) + more + ".");
  }

  private static final String GENERAL =
      "meetings events appointments schedule plans calendar agenda reminders";

  private static String span(TimePhrase when) {
    TimePhrase.Days days = when.days();
    if (days == null) {
      return "";
    }
    return days.single()
        ? " on " + Say.day(days.first())
        : " from " + Say.day(days.first()) + " to " + Say.day(days.last());
  }

  private static List<Occurrence> occurrences(ToolContext context, TimePhrase when, String asked) {
    LocalDate today = context.now().toLocalDate();
    TimePhrase.Days days = when.days() != null
        ? when.days()
        : new TimePhrase.Days(today, today.plusDays(AHEAD), Period.ZERO);
    boolean any = asked.isEmpty()
        || asked
            .toLowerCase(Locale.ENGLISH)
            .matches(
                "(?:events?|appointments?|reminders?|schedule|plans?|calendar|agenda|meetings)");
    List<Occurrence> found = new ArrayList<>();
    for (CalendarEntry entry : context.state().calendar()) {
      boolean fits = (any || Words.alike(entry.title() + " " + entry.place(), asked))
          && (entry.time() == null || when.matches(entry.time()));
      Stream<LocalDate> dates =
          days.first().datesUntil(days.last().plusDays(1)).limit(AHEAD + 1L).filter(entry::on);
      if (fits) {
        dates
            .limit(when.days() == null ? 1 : AHEAD)
            .forEach(date -> found.add(new Occurrence(entry, date)));
      }
    }
    found.sort(Comparator.comparing(Occurrence::date)
        .thenComparing(o -> o.entry().sortTime())
        .thenComparing(o -> o.entry().id()));
    return found;
  }

  private static ToolOutcome remove(ToolArguments arguments, ToolContext context) {
    if (context.state().calendar().isEmpty()) {
      return ToolOutcome.answer("Your calendar is empty.");
    }
    TimePhrase when = Times.of(arguments, context);
    List<CalendarEntry> found = occurrences(context, when, title(arguments)).stream()
        .map(Occurrence::entry)
        .distinct()
        .toList();
    if (found.isEmpty()) {
      return ToolOutcome.answer("I found no such event in your calendar" + span(when) + ".");
    }
    List<CalendarEntry> chosen = Which.of(context.request()).choose(found);
    if (chosen.isEmpty()) {
      return ToolOutcome.answer(
          "There are " + found.size() + ": " + words(found) + ". Which one should I remove?");
    }
    return new ToolOutcome(
        chosen.stream()
            .<PersonalEvent>map(entry -> new EntryRemoved(entry.id()))
            .toList(),
        "Removed from your calendar: " + words(chosen) + ".");
  }

  private static String words(List<CalendarEntry> entries) {
    return entries.stream().map(CalendarEntry::words).collect(Collectors.joining("; "));
  }
}
