package io.llmagentos.agent.personal;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PersonalEventTest {
  private static final ObjectMapper JSON = new ObjectMapper().registerModule(new JavaTimeModule());
  private static final Instant AT = Instant.parse("2026-11-27T08:00:00Z");
  private static final ZoneId ZONE = ZoneId.of("Europe/Berlin");
  private static final Alarm ALARM =
      new Alarm("a1", AT, ZONE, LocalTime.of(9, 0), Repeat.WEEKDAYS, "");

  static List<PersonalEvent> events() {
    CalendarEntry whole = new CalendarEntry(
        "c1", "trip, \"home\"; now", LocalDate.of(2026, 11, 27), null, ZONE, Repeat.NEVER, "");
    return List.of(
        new AlarmEvent.AlarmSet(ALARM),
        new AlarmEvent.AlarmRemoved("a1"),
        new AlarmEvent.AlarmRang("a1", AT, AT.plusSeconds(1), ALARM, AT.plusSeconds(86400)),
        new AlarmEvent.AlarmRang("a1", AT, AT, ALARM, null),
        new CalendarEvent.EntryAdded(whole),
        new CalendarEvent.EntryRemoved("c1"),
        new ListEvent.ListCreated("grocery"),
        new ListEvent.ItemAdded("grocery", "milk"),
        new ListEvent.ItemRemoved("grocery", "milk"),
        new ListEvent.ListRemoved("grocery"),
        new DeviceEvent.LightChanged("kitchen", new Light(true, 80, "red")),
        new DeviceEvent.PlugSwitched("plug", true),
        new DeviceEvent.CoffeeStarted("latte", AT),
        new DeviceEvent.CleaningStarted("flat", AT),
        new DeviceEvent.CleaningStopped(AT));
  }

  @ParameterizedTest
  @MethodSource("events")
  void shouldSurviveJson(PersonalEvent event) throws Exception {
    String json = JSON.writerFor(PersonalEvent.class).writeValueAsString(event);
    assertThat(json).contains("\"type\":\"").doesNotContain("timerChanges");
    assertThat(JSON.readValue(json, PersonalEvent.class)).isEqualTo(event);
    assertThat(PersonalState.EMPTY.apply(event))
        .isEqualTo(PersonalState.EMPTY.apply(event).apply(event));
  }

  @Test
  void shouldKeepItsTypeNames() throws Exception {
    assertThat(JSON.writeValueAsString(new ListEvent.ItemAdded("a", "b")))
        .isEqualTo("{\"type\":\"list-item-added\",\"list\":\"a\",\"item\":\"b\"}");
    assertThat(JSON.writeValueAsString(new AlarmEvent.AlarmRemoved("x")))
        .isEqualTo("{\"type\":\"alarm-removed\",\"id\":\"x\"}");
  }

  @Test
  void shouldCarryTheWholeStateThroughJson() throws Exception {
    PersonalState state = PersonalState.EMPTY;
    for (PersonalEvent event : events()) {
      state = state.apply(event);
      assertThat(JSON.readValue(JSON.writeValueAsString(state), PersonalState.class))
          .isEqualTo(state);
    }
  }

  @Test
  void shouldExportICalendar() {
    CalendarEntry timed = new CalendarEntry(
        "c2",
        "lunch; with, Ann\\Bob",
        LocalDate.of(2026, 11, 27),
        LocalTime.of(12, 30),
        ZONE,
        Repeat.NEVER,
        "Rome, Italy");
    CalendarEntry weekly = new CalendarEntry(
        "c3", "yoga", LocalDate.of(2026, 11, 24), LocalTime.of(18, 0), ZONE, Repeat.WEEKDAYS, "");
    CalendarEntry day =
        new CalendarEntry("c4", "trip", LocalDate.of(2026, 12, 1), null, ZONE, Repeat.NEVER, "");
    String text = CalendarExport.text(List.of(timed, weekly, day), AT);
    assertThat(text).startsWith("BEGIN:VCALENDAR\r\n").endsWith("END:VCALENDAR\r\n");
    assertThat(text.lines())
        .contains(
            "UID:c2@llmagentos",
            "DTSTAMP:20261127T080000Z",
            "DTSTART:20261127T113000Z",
            "SUMMARY:lunch\\; with\\, Ann\\\\Bob",
            "LOCATION:Rome\\, Italy",
            "DTSTART:20261124T180000",
            "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "DTSTART;VALUE=DATE:20261201");
  }
}
