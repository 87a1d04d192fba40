package io.llmagentos.agent.personal;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Whether the principal's words for a thing mean the same thing. */
final class Words {
  private static final List<String> FILLERS = List.of(
      "the",
      "a",
      "an",
      "my",
      "our",
      "your",
      "event",
      "events",
      "reminder",
      "reminders",
      "alarm",
      "alarms",
      "list",
      "called",
      "named",
      "titled",
      "with",
      "for",
      "of",
      "to",
      "date",
      "me",
      "about",
      "please",
      "all");

  private Words() {}

  /** Whether each word that counts in {@code asked} is in {@code kept}, or the other way round; plural and possessive endings do not count. */
  static boolean alike(String kept, String asked) {
    List<String> k = stems(kept);
    List<String> a = stems(asked);
    return a.isEmpty() || (!k.isEmpty() && (k.containsAll(a) || a.containsAll(k)));
  }

  private static List<String> stems(String text) {
    return Arrays.stream(
            text.toLowerCase(Locale.ENGLISH).replaceAll("[^a-z0-9' ]", " ").split("\\s+"))
        .filter(word -> !word.isEmpty() && !FILLERS.contains(word))
        .map(word -> word.length() < 4 ? word : word.replaceAll("(?:'s|s'|ies|es|s|y)$", ""))
        .toList();
  }
}
