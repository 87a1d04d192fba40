package io.llmagentos.agent.personal;

import io.llmagentos.agent.personal.AlarmEvent.AlarmRemoved;
import io.llmagentos.agent.personal.AlarmEvent.AlarmSet;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Sets, tells and removes alarms. */
final class AlarmTools {
  private static final String[] SLOTS = {
    "time", "date", "timeofday", "general_frequency", "event_name", "alarm_type"
  };

  private AlarmTools() {}

  static List<PersonalTool> tools() {
    return List.of(
        FunctionTool.of(
                "alarm_set",
                "Sets an alarm that rings at a given time, once or repeatedly.",
                AlarmTools::set,
                SLOTS)
            .undoneBy("alarm_remove"),
        FunctionTool.of("alarm_query", "Tells which alarms are set.", AlarmTools::query, SLOTS)
            .telling(),
        FunctionTool.of("alarm_remove", "Removes one or more alarms.", AlarmTools::remove, SLOTS));
  }

  private static ToolOutcome set(ToolArguments arguments, ToolContext context) {
    TimePhrase when = Times.of(arguments, context);
    if (!when.unsupported().isEmpty()) {
      return ToolOutcome.answer("I can repeat an alarm daily or on given weekdays, not "
          + when.unsupported() + ". When should it ring?");
    } else if (!when.timed()) {
      return ToolOutcome.answer("For what time" + day(when) + " should I set the alarm?");
    } else if (when.clocks().size() > 1) {
      List<String> times = when.clocks().stream().map(TimePhrase.Clock::words).toList();
      return ToolOutcome.answer(
          "For which time should I set the alarm: " + Say.join(times, "or") + "?");
    } else if (when.days() != null && !when.days().single() && when.repeat().once()) {
      return ToolOutcome.answer("On which day should the alarm ring?");
    }
    Optional<ZonedDateTime> due = when.next(context.now());
    if (due.isEmpty()) {
      return ToolOutcome.answer(
          "That time has already passed. For what time should I set the alarm?");
    }
    ZonedDateTime at = due.get();
    Alarm alarm = new Alarm(
        Ids.of(context.callKey()),
        at.toInstant(),
        at.getZone(),
        at.toLocalTime(),
        when.repeat(),
        label(arguments));
    Optional<Alarm> same = context.state().alarms().stream()
        .filter(a -> a.due().equals(alarm.due())
            && a.repeat().equals(alarm.repeat())
            && a.label().equals(alarm.label()))
        .findFirst();
    return same.isPresent()
        ? ToolOutcome.answer("That alarm is already set for " + alarm.words() + ".")
        : new ToolOutcome(List.of(new AlarmSet(alarm)), "Alarm set for " + alarm.words() + ".");
  }

  private static String day(TimePhrase when) {
    if (!when.repeat().once()) {
      return " " + when.repeat().words();
    }
    String day = when.days() == null || !when.days().single()
        ? ""
        : " on " + Say.day(when.days().first());
    return day + (when.part() == null ? "" : " in the " + when.part().words());
  }

  private static String label(ToolArguments arguments) {
    String label =
        arguments.text("event_name").or(() -> arguments.text("alarm_type")).orElse("");
    return label.length() > 100 ? label.substring(0, 100) : label;
  }

  private static ToolOutcome query(ToolArguments arguments, ToolContext context) {
    List<Alarm> alarms = context.state().alarms();
    if (alarms.isEmpty()) {
      return ToolOutcome.answer("You have no alarms.");
    }
    TimePhrase when = Times.of(arguments, context);
    List<Alarm> found = alarms.stream().filter(alarm -> fits(alarm, when)).toList();
    if (found.isEmpty()) {
      return ToolOutcome.answer("You have no alarm then. " + Say.capital(all(alarms)) + ".");
    }
    return ToolOutcome.answer(
        "You have " + Say.count(found.size(), "alarm") + ": " + words(found) + ".");
  }

  private static String all(List<Alarm> alarms) {
    return "your " + (alarms.size() == 1 ? "alarm is" : "alarms are") + ": " + words(alarms);
  }

  private static ToolOutcome remove(ToolArguments arguments, ToolContext context) {
    List<Alarm> alarms = context.state().alarms();
    if (alarms.isEmpty()) {
      return ToolOutcome.answer("You have no alarms.");
    }
    Which which = Which.of(context.request());
    TimePhrase when = Times.of(arguments, context);
    String label = label(arguments);
    List<Alarm> found = alarms.stream()
        .filter(alarm -> fits(alarm, when))
        .filter(alarm -> label.isEmpty()
            || (when.nothing()
                ? Words.alike(alarm.label(), label)
                : alarm.label().isEmpty() || Words.alike(alarm.label(), label)))
        .toList();
    if (found.isEmpty()) {
      return ToolOutcome.answer("I found no such alarm. " + Say.capital(all(alarms)) + ".");
    }
    List<Alarm> chosen = which.choose(which.all() ? found : onThatDayOnly(found, when));
    if (chosen.isEmpty()) {
      return ToolOutcome.answer(
          "There are " + found.size() + ": " + words(found) + ". Which one should I remove?");
    }
    return new ToolOutcome(
        chosen.stream()
            .<PersonalEvent>map(alarm -> new AlarmRemoved(alarm.id()))
            .toList(),
        "Removed " + (chosen.size() == 1 ? "the alarm" : Say.count(chosen.size(), "alarm")) + ": "
            + words(chosen) + ".");
  }

  /** Of alarms that ring on a day that was named, those that ring on it alone; all of them where none does, or where a repetition was named. */
  private static List<Alarm> onThatDayOnly(List<Alarm> found, TimePhrase when) {
    if (when.days() == null || !when.repeat().once()) {
      return found;
    }
    List<Alarm> once = found.stream().filter(alarm -> alarm.repeat().once()).toList();
    return once.isEmpty() ? found : once;
  }

  private static String words(List<Alarm> alarms) {
    return alarms.stream().map(Alarm::words).collect(Collectors.joining("; "));
  }

  private static boolean fits(Alarm alarm, TimePhrase when) {
    ZonedDateTime exact = when.exact();
    if (exact != null) {
      return !alarm.due().isAfter(exact.toInstant());
    }
    TimePhrase.Days days = when.days();
    boolean onDay = days == null
        || days.contains(alarm.at().toLocalDate())
        || (!alarm.repeat().once()
            && dates(days)
                .anyMatch(date ->
                    !date.isBefore(alarm.at().toLocalDate()) && alarm.repeat().on(date)));
    boolean often = when.repeat().once() || days != null || alarm.repeat().equals(when.repeat());
    LocalTime time = alarm.time();
    return onDay && often && when.matches(time);
  }

  private static Stream<LocalDate> dates(TimePhrase.Days days) {
    return days.first().datesUntil(days.last().plusDays(1)).limit(366);
  }
}
