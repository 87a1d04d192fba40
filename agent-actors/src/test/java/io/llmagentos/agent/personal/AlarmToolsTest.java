package io.llmagentos.agent.personal;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.node.journal.TimerChange;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AlarmToolsTest {
  private final Assistant me = new Assistant();
  private final Assistant full = new Assistant();

  @BeforeEach
  void setAlarms() {
    full.say("wake me up at nine am on friday", "alarm_set", "time=nine am", "date=friday");
    full.say(
        "yoga at six pm on wednesday",
        "alarm_set",
        "time=six pm",
        "date=wednesday",
        "event_name=yoga");
    full.say(
        "wake me up every weekday at seven",
        "alarm_set",
        "time=seven",
        "general_frequency=every weekday");
  }

  @Test
  void shouldSetAnAlarm() {
    assertThat(
            me.say("wake me up at nine am on friday", "alarm_set", "time=nine am", "date=friday"))
        .isEqualTo("Alarm set for Friday 27 November at 9:00 AM.");
    assertThat(me.last.events()).hasSize(1);
    assertThat(me.state.alarms())
        .singleElement()
        .extracting(Alarm::due)
        .isEqualTo(Instant.parse("2026-11-27T08:00:00Z"));
  }

  @Test
  void shouldSetTheSameAlarmFromMislabelledSlots() {
    String expected = "Alarm set for Friday 27 November at 9:00 AM.";
    String request = "wake me up at nine am on friday";
    for (String[] slots : new String[][] {
      {},
      {"time=nine am on friday"},
      {"date=nine am on friday"},
      {"time=nine am"},
      {"date=friday"},
      {"time=nine am", "time=friday"},
      {"event_name=wake me up"}
    }) {
      String answer = new Assistant().say(request, "alarm_set", slots);
      assertThat(answer)
          .as("%s", (Object) slots)
          .startsWith(expected.substring(0, expected.length() - 1));
    }
  }

  @Test
  void shouldAskForTheTime() {
    assertThat(me.say("set an alarm", "alarm_set"))
        .isEqualTo("For what time should I set the alarm?");
    assertThat(me.say("set an alarm for tomorrow", "alarm_set", "date=tomorrow"))
        .isEqualTo("For what time on Tuesday 24 November should I set the alarm?");
    assertThat(me.say(
            "set an alarm for tomorrow morning", "alarm_set", "date=tomorrow", "timeofday=morning"))
        .contains("For what time", "in the morning");
    assertThat(me.say("four am or ten pm", "alarm_set", "time=four am", "time=ten pm"))
        .contains("4:00 AM or 10:00 PM?");
    assertThat(me.say(
            "set it monthly at nine am", "alarm_set", "time=nine am", "general_frequency=monthly"))
        .contains("not monthly");
    assertThat(me.state).isEqualTo(PersonalState.EMPTY);
  }

  @Test
  void shouldListAlarmsInOrder() {
    assertThat(full.say("what alarms do i have", "alarm_query"))
        .isEqualTo(
            "You have 3 alarms: every weekday at 7:00 AM; Wednesday 25 November at 6:00 PM (yoga); Friday 27 November at 9:00 AM.");
    assertThat(full.say("any alarm after five pm", "alarm_query", "time=after five pm"))
        .contains("1 alarm:", "6:00 PM");
    assertThat(full.say("alarms tomorrow", "alarm_query", "date=tomorrow"))
        .isEqualTo("You have 1 alarm: every weekday at 7:00 AM.");
    assertThat(full.say("alarms on sunday", "alarm_query", "date=sunday"))
        .startsWith("You have no alarm then.");
    assertThat(me.say("my alarms", "alarm_query")).isEqualTo("You have no alarms.");
  }

  @Test
  void shouldRemoveTheOneMeant() {
    assertThat(full.say("cancel the yoga alarm", "alarm_remove", "event_name=yoga"))
        .contains("Removed the alarm", "yoga");
    assertThat(full.say("remove my nine am alarm", "alarm_remove", "time=nine am"))
        .contains("Removed the alarm: Friday 27 November at 9:00 AM");
    assertThat(full.say("remove my two am alarm", "alarm_remove", "time=two am"))
        .startsWith("I found no such alarm.");
    assertThat(full.state.alarms()).hasSize(1);
  }

  @Test
  void shouldRemoveTheFridayOneAlsoWithoutSlots() {
    me.say("", "alarm_set", "time=nine am on friday");
    me.say("", "alarm_set", "time=nine am on saturday");
    assertThat(me.say("cancel the friday one", "alarm_remove"))
        .isEqualTo("Removed the alarm: Friday 27 November at 9:00 AM.");
    assertThat(me.say("cancel the friday one", "alarm_remove", "date=friday"))
        .startsWith("I found no such alarm.");
    assertThat(me.state.alarms()).hasSize(1);
  }

  @Test
  void shouldReadTheWholeTimeAroundASlotThatWasCutShort() {
    assertThat(me.say("wake me up in one minute", "alarm_set", "time=one"))
        .isEqualTo("Alarm set for Monday 23 November at 8:01 PM.");
    assertThat(me.say(
            "set alarm every weekday at 7am",
            "alarm_set",
            "time=7am",
            "general_frequency=every week"))
        .isEqualTo("Alarm set for every weekday at 7:00 AM.");
    assertThat(me.say(
            "wake me on december 3rd at six thirty pm",
            "alarm_set",
            "date=december",
            "time=six thirty"))
        .isEqualTo("Alarm set for Thursday 3 December at 6:30 PM.");
    assertThat(me.say("alarm in two and a half hours", "alarm_set", "time=two and a half"))
        .isEqualTo("Alarm set for Monday 23 November at 10:30 PM.");
  }

  @Test
  void shouldMeanTheFridayOneAndNotTheDailyOne() {
    me.say("", "alarm_set", "time=nine am on friday");
    me.say("", "alarm_set", "time=seven am", "general_frequency=every day");
    assertThat(me.say("cancel the friday one", "alarm_remove", "date=friday"))
        .isEqualTo("Removed the alarm: Friday 27 November at 9:00 AM.");
    assertThat(me.state.alarms()).hasSize(1);
  }

  @Test
  void shouldAskWhichWhenSeveralMatch() {
    assertThat(full.say("cancel the alarm", "alarm_remove"))
        .startsWith("There are 3:")
        .endsWith("Which one should I remove?");
    assertThat(full.last.events()).isEmpty();
    assertThat(full.say("delete the first alarm", "alarm_remove")).contains("every weekday");
    assertThat(full.say("turn off all of my alarms", "alarm_remove"))
        .startsWith("Removed 2 alarms");
    assertThat(full.state).isEqualTo(PersonalState.EMPTY);
  }

  @Test
  void shouldNotRemoveMoreThanAsked() {
    assertThat(full.say("cancel one of my alarms", "alarm_remove"))
        .endsWith("Which one should I remove?");
    assertThat(full.say("cancel the first three alarms", "alarm_remove"))
        .endsWith("Which one should I remove?");
    assertThat(full.say(
            "turn off any morning alarms after friday",
            "alarm_remove",
            "timeofday=morning",
            "date=after friday"))
        .isEqualTo("Removed the alarm: every weekday at 7:00 AM.");
    assertThat(full.state.alarms()).hasSize(2);
  }

  @Test
  void shouldTakeNextFridayFromTheRequestWhenTheSlotSaysFriday() {
    assertThat(
            me.say("wake me up next friday at nine am", "alarm_set", "time=nine am", "date=friday"))
        .isEqualTo("Alarm set for Friday 4 December at 9:00 AM.");
  }

  @Test
  void shouldRingOnceAndBeGone() {
    me.say("", "alarm_set", "time=nine am on friday");
    String timer =
        ((TimerChange.Set) me.last.events().getFirst().timerChanges().getFirst()).timer();
    Instant due = Instant.parse("2026-11-27T08:00:00Z");
    assertThat(me.state.due(timer, due.minusMillis(1))).isEmpty();
    AlarmEvent.AlarmRang rang = (AlarmEvent.AlarmRang) me.state.due(timer, due).getFirst();
    assertThat(rang.sentence()).isEqualTo("Alarm: 9:00 AM, Friday 27 November");
    assertThat(rang.timerChanges()).containsExactly(new TimerChange.Cleared(timer));
    AlarmEvent.AlarmRang late =
        (AlarmEvent.AlarmRang) me.state.due(timer, due.plusSeconds(2400)).getFirst();
    assertThat(late.sentence())
        .isEqualTo("Alarm: 9:00 AM, Friday 27 November (40 minutes late: the node was down)");
    assertThat(me.state.apply(rang).due(timer, due)).isEmpty();
  }

  @Test
  void shouldRingAgainAtTheSameHourAcrossAClockChange() {
    me.at("2026-10-23T08:00:00+02:00[Europe/Berlin]")
        .say("", "alarm_set", "time=seven am", "general_frequency=every weekday");
    Alarm alarm = me.state.alarms().getFirst();
    assertThat(alarm.due()).isEqualTo(Instant.parse("2026-10-26T06:00:00Z"));
    me.at("2026-10-19T08:00:00+02:00[Europe/Berlin]")
        .say("", "alarm_set", "time=seven thirty am", "general_frequency=every day");
    Alarm daily = me.state.alarms().getFirst();
    AlarmEvent.AlarmRang rang = (AlarmEvent.AlarmRang) me.state
        .due("alarm/" + daily.id(), Instant.parse("2026-10-24T05:30:00Z"))
        .getFirst();
    assertThat(rang.next()).isEqualTo(Instant.parse("2026-10-25T06:30:00Z"));
    assertThat(rang.timerChanges())
        .containsExactly(
            new TimerChange.Set("alarm/" + daily.id(), Instant.parse("2026-10-25T06:30:00Z")));
    assertThat(me.state.apply(rang).alarms()).hasSize(2);
  }
}
