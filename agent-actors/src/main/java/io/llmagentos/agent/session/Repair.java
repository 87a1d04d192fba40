package io.llmagentos.agent.session;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A message that drops or changes what was just asked for.
 *
 * @param value what is meant instead, in the words of the message; empty: nothing is meant any more
 */
record Repair(String value) {
  private static final int MOST_WORDS = 8;
  private static final String NO = "(?<no>(?:(?:no|nope|wait|sorry|oops|actually),?\\s+)*)";
  private static final String INSTEAD = "(?<instead> instead| rather)?";

  private static final Pattern DROP = Pattern.compile(
      NO
          + "(?:never ?mind|forget (?:about )?(?:it|that)|scrap (?:it|that)|cancel (?:it|that|this)|(?:please )?don't do (?:it|that))"
          + "(?:,? (?:please|thanks|thank you))?",
      Pattern.CASE_INSENSITIVE);

  private static final Pattern MEANT = Pattern.compile(
      NO + "i (?:meant|mean)(?: to say)? (?<value>.+?)" + INSTEAD, Pattern.CASE_INSENSITIVE);

  private static final Pattern MAKE_IT = Pattern.compile(
      NO + "(?:make|set|change|move) (?:it|that)(?: to| for| at| on)? (?<value>.+?)" + INSTEAD,
      Pattern.CASE_INSENSITIVE);

  private static final Pattern PLAIN =
      Pattern.compile(NO + "(?<value>.+?)" + INSTEAD, Pattern.CASE_INSENSITIVE);

  private static final Pattern AMOUNT = Pattern.compile(
      ".*(?:\\d|\\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty"
          + "|fifty|noon|midnight|am|pm|today|tomorrow|tonight|morning|afternoon|evening|night|week|weekend"
          + "|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\\b).*",
      Pattern.CASE_INSENSITIVE);

  boolean drops() {
    return value.isEmpty();
  }

  static Optional<Repair> of(String message) {
    String text = message.strip().replaceFirst("[.!]+$", "");
    if (DROP.matcher(text).matches()) {
      return Optional.of(new Repair(""));
    }
    Matcher meant = MEANT.matcher(text);
    if (meant.matches()) {
      return value(meant);
    }
    // "make it brighter" is a request of its own
    Matcher makeIt = MAKE_IT.matcher(text);
    if (makeIt.matches()) {
      return isAmount(makeIt) || makeIt.group("instead") != null ? value(makeIt) : Optional.empty();
    }
    Matcher plain = PLAIN.matcher(text);
    boolean changes = plain.matches()
        && (plain.group("instead") != null || (!plain.group("no").isEmpty() && isAmount(plain)));
    return changes && !Clauses.isRequest(plain.group("value")) ? value(plain) : Optional.empty();
  }

  private static boolean isAmount(Matcher message) {
    return AMOUNT.matcher(message.group("value")).matches();
  }

  private static Optional<Repair> value(Matcher message) {
    String value = message.group("value").strip();
    return value.split("\\s+").length <= MOST_WORDS
        ? Optional.of(new Repair(value))
        : Optional.empty();
  }
}
