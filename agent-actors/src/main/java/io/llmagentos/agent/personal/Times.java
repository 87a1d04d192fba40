package io.llmagentos.agent.personal;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The time that a call is about: its slots first, the principal's own words for what they leave out. */
final class Times {
  private static final String BEFORE = "(?:next|in|in about)";
  private static final String BEHIND =
      "(?:minutes?|mins?|hours?|hrs?|seconds?|days?|weeks?|months?|am|pm|a\\.m\\.?|p\\.m\\.?|o'clock|\\d{1,2}(?:st|nd|rd|th)|(?:twenty |thirty )?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth)";

  private Times() {}

  static TimePhrase of(ToolArguments arguments, ToolContext context) {
    String request =
        context.request().length() > 500 ? "" : context.request().toLowerCase(Locale.ENGLISH);
    TimePhrase said = Stream.of("time", "date", "timeofday", "general_frequency")
        .map(arguments::text)
        .flatMap(Optional::stream)
        .map(text ->
            TimePhrases.slot(whole(text.toLowerCase(Locale.ENGLISH), request), context.now()))
        .reduce(TimePhrase.NOTHING, TimePhrase::or);
    return said.or(TimePhrases.request(context.request(), context.now()));
  }

  /**
   * The slot with what a model often leaves out around it: the rest of its last word, "next" and "in" before it, a unit, a half of the day or a day
   * of the month behind it.
   */
  private static String whole(String slot, String request) {
    Matcher m = Pattern.compile("(?<![\\p{L}\\d])(?:" + BEFORE + " )*" + Pattern.quote(slot)
            + "[\\p{L}\\d]*(?: " + BEHIND + "(?![\\p{L}\\d]))*")
        .matcher(request);
    return slot.isBlank() || !m.find() ? slot : m.group();
  }
}
