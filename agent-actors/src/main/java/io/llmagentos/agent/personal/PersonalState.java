package io.llmagentos.agent.personal;

import io.llmagentos.agent.personal.AlarmEvent.AlarmRang;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What an agent keeps for its principal; immutable, changed by events only. Alarms are in the order in which they ring. */
public record PersonalState(
    List<Alarm> alarms, List<CalendarEntry> calendar, List<NamedList> lists, Devices devices) {
  public static final PersonalState EMPTY =
      new PersonalState(List.of(), List.of(), List.of(), Devices.NEW);

  public PersonalState {
    alarms = alarms.stream()
        .sorted(Comparator.comparing(Alarm::due).thenComparing(Alarm::id))
        .toList();
    calendar = List.copyOf(calendar);
    lists = List.copyOf(lists);
  }

  /** Applying an event again changes nothing more. */
  public PersonalState apply(PersonalEvent event) {
    return switch (event) {
      case AlarmEvent e -> new PersonalState(alarmsAfter(e), calendar, lists, devices);
      case CalendarEvent e -> new PersonalState(alarms, calendarAfter(e), lists, devices);
      case ListEvent e -> new PersonalState(alarms, calendar, listsAfter(e), devices);
      case DeviceEvent e -> new PersonalState(alarms, calendar, lists, devices.apply(e));
    };
  }

  /** What to persist when {@code timer} fires: an alarm that still exists and is due rings, anything else is nothing. */
  public List<PersonalEvent> due(String timer, Instant now) {
    return alarms.stream()
        .filter(alarm -> alarm.timer().equals(timer) && !alarm.due().isAfter(now))
        .<PersonalEvent>map(alarm -> new AlarmRang(
            alarm.id(),
            alarm.due(),
            now,
            alarm,
            alarm.repeat().once() ? null : alarm.repeat().next(now, alarm.time(), alarm.zone())))
        .toList();
  }

  /** What open chats show of changes that {@link #due} gave; empty: nothing. */
  public static String notice(List<PersonalEvent> changes) {
    return changes.stream()
        .filter(AlarmRang.class::isInstance)
        .map(change -> ((AlarmRang) change).sentence())
        .collect(Collectors.joining("\n"));
  }

  Optional<NamedList> list(String name) {
    return lists.stream().filter(list -> list.name().equals(name)).findFirst();
  }

  private List<Alarm> alarmsAfter(AlarmEvent event) {
    return switch (event) {
      case AlarmEvent.AlarmSet e -> with(alarms, a -> a.id().equals(e.alarm().id()), e.alarm());
      case AlarmEvent.AlarmRemoved e -> without(alarms, a -> a.id().equals(e.id()));
      case AlarmRang e -> {
        Instant next = e.next();
        yield next == null
            ? without(alarms, a -> a.id().equals(e.id()))
            : alarms.stream()
                .map(a -> a.id().equals(e.id()) ? a.dueAt(next) : a)
                .toList();
      }
    };
  }

  private List<CalendarEntry> calendarAfter(CalendarEvent event) {
    return switch (event) {
      case CalendarEvent.EntryAdded e ->
        with(calendar, c -> c.id().equals(e.entry().id()), e.entry());
      case CalendarEvent.EntryRemoved e -> without(calendar, c -> c.id().equals(e.id()));
    };
  }

  private List<NamedList> listsAfter(ListEvent event) {
    return switch (event) {
      case ListEvent.ListCreated e ->
        list(e.list()).isPresent() ? lists : append(lists, new NamedList(e.list(), List.of()));
      case ListEvent.ItemAdded e ->
        items(e.list(), items -> with(items, e.item()::equals, e.item()));
      case ListEvent.ItemRemoved e -> items(e.list(), items -> without(items, e.item()::equals));
      case ListEvent.ListRemoved e -> without(lists, list -> list.name().equals(e.list()));
    };
  }

  private List<NamedList> items(String name, UnaryOperator<List<String>> change) {
    return lists.stream()
        .map(list ->
            list.name().equals(name) ? new NamedList(name, change.apply(list.items())) : list)
        .toList();
  }

  private static <T> List<T> with(List<T> list, Predicate<T> same, T added) {
    return append(without(list, same), added);
  }

  private static <T> List<T> without(List<T> list, Predicate<T> gone) {
    return list.stream().filter(gone.negate()).toList();
  }

  private static <T> List<T> append(List<T> list, T added) {
    return Stream.concat(list.stream(), Stream.of(added)).toList();
  }
}
