package io.llmagentos.agent.personal;

import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Tells dates and times, here and elsewhere, and converts between zones. */
final class DateTimeTools {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEEE d MMMM yyyy", Locale.ENGLISH);
  private static final Pattern PLACE = Pattern.compile(
      "\\btime(?: is it| now| right now)? (?:in|at|for) (?:the )?([a-z' ]{2,40}?)(?: right now| now| currently)?[?.!]?$|^time in ([a-z ]{2,40})$");
  private static final Pattern HERE = Pattern.compile(
      "(?:here|my (?:current )?(?:location|zone|time zone|place)|this (?:city|place|location|time zone|zone))");

  private static final Pattern ASKS_DATE = Pattern.compile("\\b(?:date|day|month|year|week)\\b");
  /** Days that move by a calendar of their own, for which there is no rule here. */
  private static final Pattern MOVABLE_FEAST = Pattern.compile(
      "\\b(easter(?: \\w+day)?|pentecost|lent|mardi gras|thanksgiving|passover|hanukkah|rosh hashanah|yom kippur|ramadan|eid|diwali|chinese new year)\\b");

  private DateTimeTools() {}

  static List<PersonalTool> tools() {
    return List.of(
        FunctionTool.of(
                "datetime_query",
                "Tells the date or the time, here or in another place.",
                DateTimeTools::query,
                "date",
                "time",
                "timeofday",
                "place_name",
                "time_zone")
            .telling(),
        FunctionTool.of(
                "datetime_convert",
                "Converts a time between places or time zones, or tells how far apart they are.",
                DateTimeTools::convert,
                "time",
                "place_name",
                "time_zone",
                "timeofday")
            .telling());
  }

  private static ToolOutcome query(ToolArguments arguments, ToolContext context) {
    String request = request(context);
    ZonedDateTime now = context.now();
    Optional<String> place = arguments
        .text("place_name")
        .or(() -> arguments.text("time_zone").filter(zone -> !zone.matches("date|day|time")))
        .or(() -> {
          Matcher m = PLACE.matcher(request);
          return m.find()
              ? Optional.ofNullable(m.group(1) != null ? m.group(1) : m.group(2))
              : Optional.empty();
        });
    if (place.isPresent() && !HERE.matcher(place.get()).matches()) {
      ZonedDateTime there = now.withZoneSameInstant(zone(place.get(), context));
      String day = there.toLocalDate().equals(now.toLocalDate())
              && !ASKS_DATE.matcher(request).find()
          ? ""
          : " on " + Say.day(there.toLocalDate());
      return ToolOutcome.answer(
          "It is " + Say.time(there.toLocalTime()) + day + " in " + name(place.get()) + ".");
    }
    TimePhrase when = Times.of(arguments, context);
    TimePhrase.Days days = when.days();
    LocalDate today = now.toLocalDate();
    boolean asksTime = request.matches(".*\\b(?:time|clock|hour)\\b.*");
    boolean asksDate = ASKS_DATE.matcher(request).find();
    Matcher feast = MOVABLE_FEAST.matcher(request);
    if (feast.find()) {
      return ToolOutcome.answer("I don't know when " + name(feast.group(1)) + " is.");
    } else if (days != null && days.single() && !days.first().equals(today)) {
      return ToolOutcome.answer(DATE.format(days.first()) + ".");
    } else if (asksTime && asksDate) {
      return ToolOutcome.answer(
          "It is " + Say.time(now.toLocalTime()) + " on " + DATE.format(today) + ".");
    } else if (asksDate || days != null) {
      return ToolOutcome.answer("Today is " + DATE.format(today) + ".");
    }
    return ToolOutcome.answer("It is " + Say.time(now.toLocalTime()) + ".");
  }

  private static ToolOutcome convert(ToolArguments arguments, ToolContext context) {
    String request = request(context);
    List<String> places = places(arguments, request);
    if (places.isEmpty()) {
      return ToolOutcome.answer("Between which places or time zones?");
    } else if (request.matches("(?:please |can you |could you )?(?:change|switch|set) .*")
        && !request.matches(".*\\bfrom\\b.*")
        && !request.matches(".*\\bthis time\\b.*")) {
      return ToolOutcome.answer("I can't change your time zone, only tell the time elsewhere.");
    }
    ZoneId here = context.now().getZone();
    boolean pair = places.size() > 1;
    // "what time is it in X when it is five pm in Y" names the target first; one place alone is the
    // source in "five am in berlin ... here"
    boolean reversed = request.matches(".*\\bwhat time .*\\b(?:when|if)\\b.*");
    boolean toHere =
        !pair && request.matches(".*\\b(?:time (?:is|will) (?:it|be) here|to (?:here|my .*))\\b.*");
    String first = pair && reversed ? places.get(1) : places.getFirst();
    String second = pair && reversed ? places.getFirst() : places.get(pair ? 1 : 0);
    ZoneId from = pair || toHere ? zone(first, context) : here;
    ZoneId to = toHere ? here : zone(second, context);
    String fromName = pair || toHere ? name(first) : "your zone";
    String toName = toHere ? "your zone" : name(second);
    if (request.matches(".*\\b(?:difference|how many hours|how much (?:later|earlier))\\b.*")) {
      return ToolOutcome.answer(difference(context.now(), from, to, fromName, toName));
    }
    TimePhrase when = Times.of(arguments, context);
    if (!when.timed()) {
      ZonedDateTime then = context.now().withZoneSameInstant(from);
      return ToolOutcome.answer(converted(then, to, fromName, toName));
    } else if (when.clocks().isEmpty()) {
      return ToolOutcome.answer("Which time should I convert?");
    }
    ZonedDateTime then =
        ZonedDateTime.of(context.now().withZoneSameInstant(from).toLocalDate(), when.time(), from);
    String answer = converted(then, to, fromName, toName);
    boolean open = when.clocks().getFirst().open() && when.part() == null;
    return ToolOutcome.answer(
        open ? answer + " " + converted(then.plusHours(12), to, fromName, toName) : answer);
  }

  /** The places to convert between, in the order of the request: what the slots name and what they leave out or cut short. */
  private static List<String> places(ToolArguments arguments, String request) {
    List<Zones.Mention> named = Zones.named(request).stream()
        .filter(mention -> !HERE.matcher(mention.place()).matches())
        .toList();
    Stream<Zones.Mention> slots = Stream.of("place_name", "time_zone")
        .flatMap(slot -> arguments.text(slot).stream())
        .flatMap(text -> Arrays.stream(text.split("\\s*,\\s*")))
        .filter(place -> !HERE.matcher(place).matches())
        .map(place -> new Zones.Mention(position(request, place), place))
        .filter(slot -> named.stream().noneMatch(mention -> overlap(mention, slot)));
    return Stream.concat(slots, named.stream())
        .sorted(Comparator.comparingInt(Zones.Mention::start))
        .map(Zones.Mention::place)
        .distinct()
        .toList();
  }

  private static boolean overlap(Zones.Mention one, Zones.Mention other) {
    return one.start() < other.start() + other.place().length()
        && other.start() < one.start() + one.place().length();
  }

  private static String converted(ZonedDateTime then, ZoneId to, String fromName, String toName) {
    ZonedDateTime there = then.withZoneSameInstant(to);
    int days = there.toLocalDate().compareTo(then.toLocalDate());
    String day = days == 0 ? "" : days > 0 ? " the next day" : " the day before";
    return Say.time(then.toLocalTime()) + " in " + fromName + " is " + Say.time(there.toLocalTime())
        + day + " in " + toName + ".";
  }

  private static String difference(
      ZonedDateTime now, ZoneId from, ZoneId to, String fromName, String toName) {
    Duration ahead = Duration.ofSeconds(to.getRules().getOffset(now.toInstant()).getTotalSeconds()
        - from.getRules().getOffset(now.toInstant()).getTotalSeconds());
    return ahead.isZero()
        ? Say.capital(toName) + " and " + fromName + " have the same time."
        : Say.capital(toName) + " is " + Say.duration(ahead.abs())
            + (ahead.isNegative() ? " behind " : " ahead of ") + fromName + ".";
  }

  private static ZoneId zone(String place, ToolContext context) {
    List<String> zones = Zones.of(place);
    if (zones.isEmpty() && place.contains(",")) {
      return zone(place.substring(0, place.indexOf(',')), context);
    } else if (zones.isEmpty()) {
      throw new ToolException("I don't know the time zone of " + shortened(place) + ".");
    } else if (zones.stream()
            .map(id -> id.equals("*")
                ? id
                : context
                    .now()
                    .withZoneSameInstant(ZoneId.of(id))
                    .toLocalDateTime()
                    .toString())
            .distinct()
            .count()
        > 1) {
      throw new ToolException(name(place) + " has several time zones. Which city do you mean?");
    }
    return ZoneId.of(zones.getFirst());
  }

  private static int position(String request, String place) {
    int at = request.indexOf(place.toLowerCase(Locale.ENGLISH));
    return at < 0 ? Integer.MAX_VALUE : at;
  }

  private static String name(String place) {
    String plain = shortened(place).replaceFirst("'s$", "");
    if (plain.length() <= 3) {
      return plain.toUpperCase(Locale.ENGLISH);
    }
    return Pattern.compile("\\b[a-z](?=[a-z])")
        .matcher(plain)
        .replaceAll(m -> m.group().toUpperCase(Locale.ENGLISH));
  }

  private static String shortened(String place) {
    return place.length() > 60 ? place.substring(0, 60) + "..." : place;
  }

  private static String request(ToolContext context) {
    String request = context.request().toLowerCase(Locale.ENGLISH).strip();
    return request.length() > 500 ? "" : request;
  }
}
