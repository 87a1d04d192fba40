package io.llmagentos.agent.personal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.ZonedDateTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimePhrasesTest {
  private static final ZonedDateTime NOW =
      ZonedDateTime.parse("2026-11-23T20:00:00+01:00[Europe/Berlin]"); // a Monday

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      nine am on friday              | 2026-11-27T09:00
      9 a. m. on Friday              | 2026-11-27T09:00
      friday nine am                 | 2026-11-27T09:00
      five pm                        | 2026-11-24T17:00
      nine p.m.                      | 2026-11-23T21:00
      seven thirty am                | 2026-11-24T07:30
      five hundred and thirty am     | 2026-11-24T05:30
      eight hundred am tomorrow      | 2026-11-24T08:00
      one thousand three hundred     | 2026-11-24T13:00
      half past six                  | 2026-11-24T06:30
      quarter to ten pm              | 2026-11-23T21:45
      quarter past eight in the morning | 2026-11-24T08:15
      ten to nine pm                 | 2026-11-23T20:50
      nine                           | 2026-11-23T21:00
      at nine                        | 2026-11-23T21:00
      5                              | 2026-11-24T05:00
      seven                          | 2026-11-24T07:00
      six in morning                 | 2026-11-24T06:00
      tomorrow at six in the morning | 2026-11-24T06:00
      tomorrow six am                | 2026-11-24T06:00
      ten o'clock tomorrow morning   | 2026-11-24T10:00
      eight o clock                  | 2026-11-24T08:00
      four in the afternoon          | 2026-11-24T16:00
      eight pm wednesday evening     | 2026-11-25T20:00
      evening at five pm             | 2026-11-24T17:00
      noon                           | 2026-11-24T12:00
      tomorrow at noon               | 2026-11-24T12:00
      midnight                       | 2026-11-24T00:00
      friday at midnight             | 2026-11-28T00:00
      in twenty minutes              | 2026-11-23T20:20
      thirty minutes                 | 2026-11-23T20:30
      forty minutes from now         | 2026-11-23T20:40
      two hours                      | 2026-11-23T22:00
      after three hours              | 2026-11-23T23:00
      half an hour                   | 2026-11-23T20:30
      in an hour                     | 2026-11-23T21:00
      in a hour                      | 2026-11-23T21:00
      in an hour and a half          | 2026-11-23T21:30
      one hour from now              | 2026-11-23T21:00
      twelve weeks from today at eight am | 2027-02-15T08:00
      in three days at nine am       | 2026-11-26T09:00
      the day after tomorrow at 7 am | 2026-11-25T07:00
      this friday at 6 pm            | 2026-11-27T18:00
      next friday at 6 pm            | 2026-12-04T18:00
      tuesday at six pm              | 2026-11-24T18:00
      monday at nine pm              | 2026-11-23T21:00
      monday at nine am              | 2026-11-30T09:00
      march twentieth at three pm    | 2027-03-20T15:00
      twenty six march at twelve pm  | 2027-03-26T12:00
      feb four at two pm             | 2027-02-04T14:00
      the twenty ninth at nine am    | 2026-11-29T09:00
      the fifth at nine am           | 2026-12-05T09:00
      tonight at two am              | 2026-11-24T02:00
      every weekday at seven         | 2026-11-24T07:00
      five am every morning          | 2026-11-24T05:00
      every tuesday thursday and saturday at nine pm | 2026-11-24T21:00
      18:30                          | 2026-11-24T18:30
      2026-12-01 18:30               | 2026-12-01T18:30
      """)
  void shouldResolveToTheNextMomentMeant(String phrase, String expected) {
    assertThat(TimePhrases.slot(phrase, NOW).next(NOW))
        .as("%s", TimePhrases.slot(phrase, NOW))
        .map(at -> at.toLocalDateTime().toString())
        .contains(expected);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      tomorrow                    | 2026-11-24 | 2026-11-24
      tomorrow's                  | 2026-11-24 | 2026-11-24
      todays                      | 2026-11-23 | 2026-11-23
      this week                   | 2026-11-23 | 2026-11-29
      next week                   | 2026-11-30 | 2026-12-06
      week                        | 2026-11-23 | 2026-11-29
      this weekend                | 2026-11-28 | 2026-11-29
      this month                  | 2026-11-01 | 2026-11-30
      next month                  | 2026-12-01 | 2026-12-31
      march                       | 2027-03-01 | 2027-03-31
      the twenty second           | 2026-12-22 | 2026-12-22
      twenty ninth of march twenty seventeen | 2017-03-29 | 2017-03-29
      tenth of march two thousand seventeen  | 2017-03-10 | 2017-03-10
      april one two thousand and seventeen   | 2017-04-01 | 2017-04-01
      march one                   | 2027-03-01 | 2027-03-01
      july seventh                | 2027-07-07 | 2027-07-07
      Wednesday                   | 2026-11-25 | 2026-11-25
      tuesday's                   | 2026-11-24 | 2026-11-24
      mondays                     | 2026-11-23 | 2026-11-23
      third friday of this month  | 2026-11-20 | 2026-11-20
      last friday of the month    | 2026-11-27 | 2026-11-27
      christmas                   | 2026-12-25 | 2026-12-25
      fifteenth of this month     | 2026-11-15 | 2026-11-15
      next five days              | 2026-11-23 | 2026-11-28
      upcoming week               | 2026-11-30 | 2026-12-06
      whole week                  | 2026-11-23 | 2026-11-29
      rest of the year            | 2026-11-23 | 2026-12-31
      after Friday                | 2026-11-28 | 2027-11-27
      """)
  void shouldReadDays(String phrase, String first, String last) {
    TimePhrase.Days days = TimePhrases.slot(phrase, NOW).days();
    assertThat(days).isNotNull();
    assertThat(String.valueOf(days)).contains("first=" + first, "last=" + last);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      wake me up at nine am on friday        | 2026-11-27T09:00
      wake me up tomorrow at seven           | 2026-11-24T07:00
      get me up in half an hour              | 2026-11-23T20:30
      remind me in twenty minutes please     | 2026-11-23T20:20
      set an alarm for ten o'clock tomorrow morning | 2026-11-24T10:00
      """)
  void shouldReadTheWholeRequest(String request, String expected) {
    assertThat(TimePhrases.request(request, NOW).next(NOW))
        .map(at -> at.toLocalDateTime().toString())
        .contains(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "remove number three alarm of list",
    "i may want two alarms",
    "wake me up",
    "call my second boss",
    "set five alarms",
    "tomorrow",
    "friday morning",
    "this time"
  })
  void shouldNotInventATimeOfDay(String request) {
    assertThat(TimePhrases.request(request, NOW).timed()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "date",
    "birthday",
    "five minutes before",
    "thirty minutes before that",
    "past three months",
    "two thousand and eighteen",
    "my first date with bob",
    "first week of march",
    "i get home",
    "clear",
    "sunrise"
  })
  void shouldNotReadATimeIntoOtherWords(String phrase) {
    assertThat(TimePhrases.slot(phrase, NOW)).isEqualTo(TimePhrase.NOTHING);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      between three and four pm | 15:00 | 16:00
      eight am to two pm        | 08:00 | 14:00
      six to seven pm           | 18:00 | 19:00
      six and nine am           | 06:00 | 09:00
      before six                | 00:00 | 06:00
      between three hundred and thirty and four | 03:30 | 04:00
      """)
  void shouldReadWindows(String phrase, String from, String to) {
    assertThat(String.valueOf(TimePhrases.slot(phrase, NOW).window()))
        .isEqualTo("Window[from=" + from + ", to=" + to + "]");
  }

  @Test
  void shouldTakeNextWeeksFridayOnAFridayAfterNine() {
    ZonedDateTime friday = ZonedDateTime.parse("2026-11-27T10:00:00+01:00[Europe/Berlin]");
    assertThat(TimePhrases.slot("nine am on friday", friday).next(friday))
        .contains(friday.withHour(9).plusDays(7));
    assertThat(TimePhrases.slot("nine am on friday", friday.withHour(8)).next(friday.withHour(8)))
        .contains(friday.withHour(9));
    assertThat(TimePhrases.slot("nine am today", friday).next(friday)).isEmpty();
  }
}
