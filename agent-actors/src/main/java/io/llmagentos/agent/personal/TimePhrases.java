package io.llmagentos.agent.personal;

import io.llmagentos.agent.personal.TimePhrase.Clock;
import io.llmagentos.agent.personal.TimePhrase.Days;
import io.llmagentos.agent.personal.TimePhrase.Part;
import io.llmagentos.agent.personal.TimePhrase.Window;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.Period;
import java.time.ZonedDateTime;
import java.time.temporal.TemporalAdjusters;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.natty.DateGroup;
import org.natty.Parser;

/**
 * Reads time as people phrase it. Natty (https://github.com/natty-parser/natty) resolves dates, distances and holidays against the clock it is
 * given; here is what it lacks: spoken numbers and clock times, times whose am or pm was left open, days of the month, weeks and months as
 * spans, and what repeats.
 */
final class TimePhrases {
  private static final int LONGEST =
      300; // characters; a longer text is no time phrase, and the parser's effort grows with it
  private static final String WEEKDAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day";
  private static final String MONTH =
      "(?:january|february|march|april|may|june|july|august|september|october|november|december"
          + "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)";
  private static final String UNIT = "(?:second|sec|minute|min|hour|day|week|month|year)s?";
  private static final String DAY_NUMBER = "\\d{1,2}(?:st|nd|rd|th)?";
  private static final String MERIDIEM = "(?: ?(am|pm)\\b)";

  private static final Pattern DISTANCE = Pattern.compile(
      "(?<!\\b(?:next|past|last|first|coming|following|every|each) )\\b(?:in |after |within )?(\\d{1,4}|half an|an?)( "
          + UNIT
          + ")( and a half)?( from (?:now|today|tomorrow))?( later)?\\b(?! (?:before|earlier|prior|in advance|advance|ago))");
  private static final Pattern CLOCK =
      Pattern.compile("\\b(\\d{1,2})(?::(\\d{2}))?" + MERIDIEM + "|\\b(\\d{1,2}):(\\d{2})\\b");
  private static final Pattern BARE_IN_REQUEST = Pattern.compile(
      "\\b(?:at|for|by|until|till|is|after|before|past|to) (\\d{1,2})(?= ?$| (?:o'?clock|oclock|today|tomorrow|tonight|on|in the|this|every|please|and|"
          + WEEKDAY + ")\\b)"
          + "|\\b(\\d{1,2})(?= o'?clock| in (?:the )?(?:morning|afternoon|evening|night)\\b| at night\\b)");
  private static final Pattern BARE_IN_SLOT = Pattern.compile(
      "(?:^|\\bat |\\baround |\\bto |\\band |\\bbetween |\\bfrom |\\bafter |\\bbefore |, ?)(\\d{1,2})(?=$|,| (?:o'?clock|hours|in|on|at|to|and|today|tomorrow|tonight|this|every|morning|afternoon|evening|night|"
          + WEEKDAY + ")\\b)|\\b(\\d{1,2})$");
  private static final Pattern RANGE =
      Pattern.compile("\\b(?:between|from)\\b|\\d(?: [ap]m)? (?:to|and|until|till) \\d");
  private static final Pattern NAMED_DATE = Pattern.compile(
      "\\b(?:the )?day after tomorrow\\b|\\b(?:today|tomorrow|tonight|yesterday)\\b"
          + "|\\b(?:last|first|1st|2nd|3rd|4th) " + WEEKDAY
          + " (?:of|in) (?:the month|this month|next month|" + MONTH + ")\\b"
          + "|\\b" + DAY_NUMBER + " (?:of )?" + MONTH + "(?: (?:of )?\\d{4})?\\b|\\b" + MONTH
          + " (?:the )?" + DAY_NUMBER + "(?! ?(?:am|pm|:))(?: \\d{4})?\\b"
          + "|\\b\\d{4}-\\d{2}-\\d{2}\\b|\\b(?:(?:next|this|coming|last) )?" + WEEKDAY
          + "\\b|\\b(?:christmas(?: eve)?|easter|halloween|thanksgiving|new years? (?:day|eve))\\b");
  private static final Pattern SPAN = Pattern.compile(
      "\\b(this|next|coming|upcoming|following|last|whole|entire|rest of the|end of the|the) (week|weekend|month|year)s?\\b|\\b(weekend)\\b|^(?:in )?(week|month|year)$");
  private static final Pattern SPAN_COUNT =
      Pattern.compile("\\b(?:next|coming|following) (\\d{1,3}) (day|week|month)s?\\b");
  private static final Pattern DAY_OF_MONTH =
      Pattern.compile("\\b(\\d{1,2})(?:st|nd|rd|th)? (?:of|in) (?:the|this) month\\b");
  private static final Pattern SPAN_MONTH =
      Pattern.compile("(?:^(?:in |the month of |of )?|\\bin |\\bthis )(" + MONTH + ")\\b(?! \\d)");
  private static final Pattern MONTH_DAY =
      Pattern.compile("\\b(\\d{1,2})(?:st|nd|rd|th)\\b(?! " + WEEKDAY + ")");
  private static final Pattern EVERY = Pattern.compile(
      "\\b(?:every|each) ((?:other )?[a-z ,]+)|\\b(everyday|daily|weekdays|weekends|weekly|monthly|yearly|annually|hourly)\\b");
  private static final Pattern WEEKDAYS = Pattern.compile("\\b(" + WEEKDAY + ")s?\\b");
  private static final Pattern PLURAL_DAYS =
      Pattern.compile("\\b(?:on |all )?(" + WEEKDAY + ")s\\b");
  private static final Map<String, Part> PARTS = Map.of(
      "morning",
      Part.MORNING,
      "afternoon",
      Part.AFTERNOON,
      "evening",
      Part.EVENING,
      "night",
      Part.NIGHT,
      "tonight",
      Part.NIGHT,
      "mornings",
      Part.MORNING,
      "evenings",
      Part.EVENING);
  private static final Pattern PART =
      Pattern.compile("\\b(mornings?|afternoon|evenings?|night|tonight)\\b");

  private TimePhrases() {}

  /** Reads a slot's value: the words are known to be about time, so a bare "seven" is a time of day. */
  static TimePhrase slot(String text, ZonedDateTime now) {
    return read(text, now, true);
  }

  /** Reads the whole of a request: only what cannot be anything but a time counts. */
  static TimePhrase request(String text, ZonedDateTime now) {
    return read(text, now, false);
  }

  private static TimePhrase read(String text, ZonedDateTime now, boolean slot) {
    if (text.isBlank() || text.length() > LONGEST) {
      return TimePhrase.NOTHING;
    }
    String words = normal(text, slot);
    Every every = every(words);
    Part part = part(words);
    ZonedDateTime exact = null;
    Days days = null;
    String rest = words;
    Matcher distance = DISTANCE.matcher(words);
    if (distance.find()
        && (slot || distance.group().matches("(?:in|after) .*|.* from .*|.* later"))) {
      ZonedDateTime at = natty(distance(distance), now);
      if (at != null && distance.group(2).matches(" (?:sec|min|hour).*")) {
        exact = at;
      } else if (at != null) {
        days = new Days(at.toLocalDate(), at.toLocalDate(), Period.ZERO);
      }
      rest = words.substring(0, distance.start()) + " " + words.substring(distance.end());
    }
    if (days == null) {
      days = days(rest, now, slot);
    }
    List<Clock> clocks = clocks(rest, slot);
    if (exact != null && !clocks.isEmpty()) {
      exact =
          null; // "fifteen minutes before three pm" and the like: the clock time is the one that is
      // certain
    }
    return new TimePhrase(
        exact, days, clocks, part, every.repeat, every.unsupported, window(rest, clocks));
  }

  // ---- words
  // -------------------------------------------------------------------------------------------------------------------------------

  static String normal(String text, boolean slot) {
    String s = text.toLowerCase(Locale.ENGLISH)
        .replaceAll("[\u2018\u2019]", "'")
        .replaceAll("\\b([ap])\\.? ?m\\b\\.?", "$1m")
        .replaceAll("(?<=\\d)(?=[ap]m\\b)", " ")
        .replaceAll(
            "(" + WEEKDAY + "|today|tomorrow|tonight|week|month|year)(?:'s|s')(?= |$)", "$1")
        .replaceAll("\\b(today|tomorrow)s\\b", "$1")
        .replaceAll("[^a-z0-9:'/, -]", " ")
        .replaceAll("\\bo'? ?clock\\b", "oclock")
        .replaceAll("\\s+", " ")
        .strip();
    s = NumberWords.toDigits(s);
    s = s.replaceAll("\\b(\\d{1,3}|an?) and a half (hours?)\\b", "$1 $2 and a half")
        .replaceAll("\\bhalf (?:past )?(\\d{1,2})\\b", "$1:30")
        .replaceAll("\\b(?:a )?quarter (?:past|after) (\\d{1,2})\\b", "$1:15");
    s = before(s, Pattern.compile("\\b(?:a )?(quarter) (?:to|till|of) (\\d{1,2})\\b"));
    s = before(
        s,
        Pattern.compile(
            "(?<!from |between )\\b(5|10|20|25)(?: minutes)? (?:to|till) (\\d{1,2})\\b(?! minutes| hours| days| weeks)"));
    s = Pattern.compile("\\b(\\d{1,2})(?: minutes)? past (\\d{1,2})\\b")
        .matcher(s)
        .replaceAll(m -> clock(m.group(2), m.group(1)));
    s = s.replaceAll("\\bnoon\\b|\\bmid ?day\\b", "12:00 pm")
        .replaceAll("\\bmidnight\\b", "12:00 am");
    boolean dated =
        Pattern.compile("\\b" + MONTH + "\\b|\\d(?:st|nd|rd|th)\\b").matcher(s).find();
    s = s.replaceAll("\\b(\\d{1,2}) (\\d{2})(?= ?(?:am|pm)\\b)", "$1:$2")
        .replaceAll("\\b(\\d{1,2})(\\d{2})(?= ?(?:am|pm)\\b| hours?\\b)", "$1:$2");
    if (dated) {
      s = s.replaceAll("\\b(19|20) (\\d{2})$", "$1$2");
    } else {
      s = s.replaceAll("\\b(\\d{1,2}) (\\d{2})(?![\\d:])(?! " + UNIT + "\\b)", "$1:$2");
      if (slot) {
        s = s.replaceAll(
            "(?<![\\d-/])\\b(?!(?:19|20)[0-9]{2}\\b)(\\d{1,2})(\\d{2})(?![\\d/-])(?! " + UNIT
                + "\\b)",
            "$1:$2");
      }
    }
    return s;
  }

  private static String before(String s, Pattern pattern) {
    return pattern.matcher(s).replaceAll(m -> {
      int minutes = m.group(1).equals("quarter") ? 15 : Integer.parseInt(m.group(1));
      int hour = Integer.parseInt(m.group(2));
      return clock(
          Integer.toString(hour == 1 ? 12 : Math.max(0, hour - 1)), Integer.toString(60 - minutes));
    });
  }

  private static String clock(String hour, String minute) {
    return hour + ":" + (minute.length() == 1 ? "0" + minute : minute);
  }

  // ---- times of day
  // ------------------------------------------------------------------------------------------------------------------------

  private static List<Clock> clocks(String words, boolean slot) {
    SortedMap<Integer, Clock> found = new TreeMap<>(); // by position
    for (MatchResult m : CLOCK.matcher(words).results().toList()) {
      boolean said = m.group(3) != null;
      clock(said ? m.group(1) : m.group(4), said ? m.group(2) : m.group(5), m.group(3))
          .ifPresent(clock -> found.put(m.start(), clock));
    }
    boolean range = RANGE.matcher(words).find();
    if (found.isEmpty() || range) {
      String rest = CLOCK.matcher(words).replaceAll(TimePhrases::blank);
      rest = NAMED_DATE
          .matcher(rest)
          .replaceAll(
              m -> m.group().matches(".*\\d.*") ? blank(m) : Matcher.quoteReplacement(m.group()));
      for (MatchResult m :
          (slot ? BARE_IN_SLOT : BARE_IN_REQUEST).matcher(rest).results().toList()) {
        int group = m.group(1) != null ? 1 : 2;
        clock(m.group(group), null, null).ifPresent(clock -> found.put(m.start(group), clock));
      }
    } else if (found.values().stream().anyMatch(clock -> !clock.open())) {
      found.values().removeIf(Clock::open); // "one twenty three main street for two pm"
    }
    return found.values().stream().distinct().toList();
  }

  private static String blank(MatchResult match) {
    return ";".repeat(match.group().length());
  }

  private static Optional<Clock> clock(
      String hour, @Nullable String minute, @Nullable String meridiem) {
    int h = Integer.parseInt(hour);
    int m = minute == null ? 0 : Integer.parseInt(minute);
    if (h > 23 || m > 59 || (h == 0 && minute == null && meridiem == null)) {
      return Optional.empty();
    } else if (h > 12 || h == 0 || (hour.length() == 2 && hour.startsWith("0"))) {
      return Optional.of(new Clock(LocalTime.of(h, m), false));
    }
    int hourOfHalf = h % 12;
    return Optional.of(new Clock(
        LocalTime.of("pm".equals(meridiem) ? hourOfHalf + 12 : hourOfHalf, m), meridiem == null));
  }

  private static @Nullable Part part(String words) {
    Matcher m = PART.matcher(words);
    return m.find() ? PARTS.get(m.group(1)) : null;
  }

  private static @Nullable Window window(String words, List<Clock> clocks) {
    if (clocks.isEmpty()) {
      return null;
    }
    LocalTime first = clocks.getFirst().time();
    if (clocks.size() == 2 && RANGE.matcher(words).find()) {
      Clock last = clocks.get(1);
      boolean later =
          clocks.getFirst().open() && !last.open() && first.plusHours(12).isBefore(last.time());
      LocalTime from = later ? first.plusHours(12) : first;
      LocalTime to =
          last.open() && !last.time().isAfter(from) ? last.time().plusHours(12) : last.time();
      return new Window(from, to);
    } else if (words.matches(".*\\b(?:after|past)\\b.*")) {
      return new Window(first, LocalTime.MAX);
    } else if (words.matches(".*\\bbefore\\b.*")) {
      return new Window(LocalTime.MIN, first);
    }
    return null;
  }

  // ---- days
  // --------------------------------------------------------------------------------------------------------------------------------

  private static @Nullable Days days(String words, ZonedDateTime now, boolean slot) {
    LocalDate today = now.toLocalDate();
    Matcher named = NAMED_DATE.matcher(words.replaceAll("(" + WEEKDAY + ")s\\b", "$1"));
    if (named.find()) {
      Days days = named(named, now);
      boolean after =
          words.substring(0, Math.min(words.length(), named.start())).matches("(?:.*\\b)?after ");
      return days == null || !after
          ? days
          : new Days(days.last().plusDays(1), days.last().plusYears(1), Period.ZERO);
    }
    Matcher count = SPAN_COUNT.matcher(words);
    if (count.find()) {
      int n = Integer.parseInt(count.group(1));
      LocalDate last = count.group(2).equals("day")
          ? today.plusDays(n)
          : count.group(2).equals("week") ? today.plusWeeks(n) : today.plusMonths(n);
      return new Days(today, last, Period.ZERO);
    }
    Matcher ofMonth = DAY_OF_MONTH.matcher(words);
    if (ofMonth.find()) {
      int day = Integer.parseInt(ofMonth.group(1));
      LocalDate date = day >= 1 && day <= today.lengthOfMonth() ? today.withDayOfMonth(day) : null;
      return date == null ? null : new Days(date, date, Period.ZERO);
    }
    Matcher span = SPAN.matcher(words);
    if (span.find()) {
      String unit = span.group(2) != null
          ? span.group(2)
          : span.group(3) != null ? span.group(3) : span.group(4);
      return span(span.group(1) == null ? "this" : span.group(1), unit, today);
    }
    Matcher month = SPAN_MONTH.matcher(words);
    if (month.find()
        && !words.matches(".*\\b(?:week|\\d|[a-z]+eth)\\b.*")
        && (slot || !month.group(1).equals("may"))) {
      LocalDate first = month(month.group(1), today);
      return new Days(first, first.with(TemporalAdjusters.lastDayOfMonth()), Period.ofYears(1));
    }
    Matcher ordinal = MONTH_DAY.matcher(words);
    if (ordinal.find()
        && ((slot
                && words.matches(
                    "(?:on |for |the )*" + ordinal.group() + "(?: at.*|[ ,]*\\d.*|[ ,]*)?"))
            || words.matches(".*\\b(?:on|for|is|does) (?:the )?" + ordinal.group() + "\\b.*"))) {
      return monthDay(Integer.parseInt(ordinal.group(1)), today);
    }
    return null;
  }

  private static @Nullable Days named(Matcher named, ZonedDateTime now) {
    LocalDate today = now.toLocalDate();
    String phrase = named.group();
    Matcher weekday = WEEKDAYS.matcher(phrase);
    if (phrase.matches("(?:(?:this|coming) )?" + WEEKDAY) && weekday.find()) {
      LocalDate date = today.with(TemporalAdjusters.nextOrSame(day(weekday.group(1))));
      return new Days(date, date, Period.ofDays(7));
    } else if (phrase.equals("today") || phrase.equals("tonight")) {
      return new Days(today, today, Period.ZERO);
    }
    boolean ofMonth = phrase.matches(".*(?:the|this|next) month");
    String spoken = ofMonth
        ? phrase
            .replaceAll("(?:the|this) month", lower(today.getMonth()))
            .replaceAll("next month", lower(today.plusMonths(1).getMonth()))
        : phrase;
    ZonedDateTime at = natty(
        spoken
            .replaceAll("\\b(\\d+)(?:st|nd|rd|th)? of (?=" + MONTH + ")", "$1 ")
            .replaceAll("(\\d{4})$", " $1"),
        now);
    if (at == null) {
      return null;
    }
    LocalDate date = at.toLocalDate();
    boolean yearless =
        Pattern.compile(MONTH).matcher(phrase).find() && !phrase.matches(".*\\d{4}.*");
    while (yearless && date.isBefore(today)) {
      date = date.plusYears(1);
    }
    return new Days(date, date, yearless ? Period.ofYears(1) : Period.ZERO);
  }

  private static Days span(String which, String unit, LocalDate today) {
    boolean next = which.matches("next|coming|upcoming|following");
    LocalDate monday = today
        .with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY))
        .plusWeeks(next ? 1 : which.equals("last") ? -1 : 0);
    LocalDate month = today.withDayOfMonth(1).plusMonths(next ? 1 : which.equals("last") ? -1 : 0);
    LocalDate year = today.withDayOfYear(1).plusYears(next ? 1 : which.equals("last") ? -1 : 0);
    if (which.startsWith("rest")) {
      Days whole = span("this", unit, today);
      return new Days(today, whole.last(), Period.ZERO);
    }
    return switch (unit) {
      case "week" -> new Days(monday, monday.plusDays(6), Period.ZERO);
      case "weekend" -> new Days(monday.plusDays(5), monday.plusDays(6), Period.ZERO);
      case "month" -> new Days(month, month.with(TemporalAdjusters.lastDayOfMonth()), Period.ZERO);
      default -> new Days(year, year.with(TemporalAdjusters.lastDayOfYear()), Period.ZERO);
    };
  }

  private static LocalDate month(String name, LocalDate today) {
    LocalDate first = today.withDayOfMonth(1);
    while (!lower(first.getMonth()).startsWith(name.substring(0, 3))) {
      first = first.plusMonths(1);
    }
    return first;
  }

  private static @Nullable Days monthDay(int day, LocalDate today) {
    for (int i = 0; i < 3; i++) { // at most one month in between is too short
      LocalDate month = today.withDayOfMonth(1).plusMonths(i);
      if (day >= 1 && day <= month.lengthOfMonth() && !month.withDayOfMonth(day).isBefore(today)) {
        LocalDate date = month.withDayOfMonth(day);
        return new Days(date, date, Period.ofMonths(1));
      }
    }
    return null;
  }

  // ---- what repeats
  // ------------------------------------------------------------------------------------------------------------------------

  private record Every(Repeat repeat, String unsupported) {}

  private static Every every(String words) {
    Matcher m = EVERY.matcher(words);
    if (!m.find()) {
      Set<DayOfWeek> plural = daysIn(PLURAL_DAYS, words);
      return new Every(Repeat.of(plural), "");
    }
    String what = m.group(1) != null ? m.group(1) : m.group(2);
    Set<DayOfWeek> named = daysIn(WEEKDAYS, m.group(2) == null ? what : words);
    if (what.startsWith("other ")) {
      return new Every(Repeat.NEVER, "every " + what.strip());
    } else if (what.matches("(?:weekday|week day|work(?:ing)? ?day).*")) {
      return new Every(Repeat.WEEKDAYS, "");
    } else if (what.matches("weekends?\\b.*")) {
      return new Every(Repeat.WEEKENDS, "");
    } else if (!named.isEmpty()) {
      return new Every(Repeat.of(named), "");
    } else if (what.matches(
        "(?:day|single day|everyday|daily|morning|afternoon|evening|night)\\b.*")) {
      return new Every(Repeat.DAILY, "");
    } else if (what.matches(
        "(?:week|month|year|hour|minute|weekly|monthly|yearly|annually|hourly)\\b.*")) {
      return new Every(
          Repeat.NEVER, m.group(2) == null ? "every " + what.replaceFirst(" .*", "") : what);
    }
    return new Every(Repeat.NEVER, "");
  }

  private static Set<DayOfWeek> daysIn(Pattern pattern, String words) {
    Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
    pattern.matcher(words).results().forEach(m -> days.add(day(m.group(1))));
    return days;
  }

  private static DayOfWeek day(String name) {
    return DayOfWeek.valueOf(name.toUpperCase(Locale.ENGLISH));
  }

  private static String lower(Enum<?> name) {
    return name.name().toLowerCase(Locale.ENGLISH);
  }

  // ---- the library
  // -------------------------------------------------------------------------------------------------------------------------

  private static String distance(Matcher m) {
    boolean half = m.group(3) != null;
    String unit = m.group(2).strip();
    String amount = m.group(1);
    if (amount.equals("half an")) {
      return "in 30 minutes";
    }
    int n = amount.startsWith("a") ? 1 : Integer.parseInt(amount);
    if (half && unit.startsWith("hour")) {
      return "in " + (n * 60 + 30) + " minutes";
    }
    return "in " + n + " " + unit + (" from tomorrow".equals(m.group(4)) ? " from tomorrow" : "");
  }

  /** The first date that the library finds; null when there is none. */
  private static @Nullable ZonedDateTime natty(String phrase, ZonedDateTime now) {
    try {
      List<DateGroup> groups =
          new Parser(TimeZone.getTimeZone(now.getZone())).parse(phrase, Date.from(now.toInstant()));
      return groups.isEmpty() || groups.getFirst().getDates().isEmpty()
          ? null
          : groups.getFirst().getDates().getFirst().toInstant().atZone(now.getZone());
    } catch (DateTimeException
        | IllegalArgumentException
        | IllegalStateException
        | NullPointerException
        | IndexOutOfBoundsException e) {
      return null; // the generated parser's ways of saying that it does not understand
    }
  }
}
