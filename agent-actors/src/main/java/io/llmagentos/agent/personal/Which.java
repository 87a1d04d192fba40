package io.llmagentos.agent.personal;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which of several things a request means: all of them, one by its position, or it does not say. */
record Which(boolean all, int position) {
  private static final Pattern ALL = Pattern.compile(
      "^(?!.*\\b\\d{1,2} (?:of|alarms|events|meetings|appointments|reminders|ones)\\b).*\\b(?:all|any|every|everything|both|each|entire|whole|alarms|events|meetings|appointments|reminders|ones|empty|completely)\\b|\\bclear (?:off |out )?(?:my |the )?(?:calendar|schedule)\\b");
  private static final String THING =
      "(?: (?!(?:week|month|year|\\w+day)\\b)[a-z]+)? (?:alarm|event|meeting|appointment|reminder|item|row|entry|one|thing)s?\\b";
  private static final Pattern FIRST = Pattern.compile("\\b(?:next|first|earliest)" + THING);
  private static final Pattern LAST = Pattern.compile("\\b(?:last|latest)" + THING);
  private static final Pattern NUMBER = Pattern.compile(
      "\\b(?:number|row|item) (\\d{1,2})\\b|\\b(\\d{1,2})(?:nd|rd|th) (?:alarm|event|one|item|row|entry)\\b");

  static Which of(String request) {
    String words =
        NumberWords.toDigits(request.toLowerCase(Locale.ENGLISH)).replace("1st", "first");
    Matcher number = NUMBER.matcher(words);
    int position = FIRST.matcher(words).find()
        ? 1
        : LAST.matcher(words).find()
            ? -1
            : number.find()
                ? Integer.parseInt(number.group(1) != null ? number.group(1) : number.group(2))
                : 0;
    return new Which(position == 0 && words.length() < 500 && ALL.matcher(words).find(), position);
  }

  /** The ones meant; empty when that is not clear. */
  <T> List<T> choose(List<T> found) {
    if (all || (found.size() == 1 && position == 0)) {
      return found;
    }
    int index = position < 0 ? found.size() - 1 : position - 1;
    return index >= 0 && index < found.size() ? List.of(found.get(index)) : List.of();
  }
}
