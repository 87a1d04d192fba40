package io.llmagentos.agent.personal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Spoken English numbers as digits: "twenty five" is 25, "seven thirty" is 7 30, "twenty second" is 22nd. Text is lower case, words apart by blanks. */
final class NumberWords {
  private static final List<String> SMALL = List.of(
      "zero",
      "one",
      "two",
      "three",
      "four",
      "five",
      "six",
      "seven",
      "eight",
      "nine",
      "ten",
      "eleven",
      "twelve",
      "thirteen",
      "fourteen",
      "fifteen",
      "sixteen",
      "seventeen",
      "eighteen",
      "nineteen");
  private static final List<String> TENS =
      List.of("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety");
  private static final List<String> ORDINALS = List.of(
      "zeroth",
      "first",
      "second",
      "third",
      "fourth",
      "fifth",
      "sixth",
      "seventh",
      "eighth",
      "ninth",
      "tenth",
      "eleventh",
      "twelfth",
      "thirteenth",
      "fourteenth",
      "fifteenth",
      "sixteenth",
      "seventeenth",
      "eighteenth",
      "nineteenth",
      "twentieth");
  private static final Map<String, Integer> CARDINAL = new HashMap<>();
  private static final Map<String, Integer> ORDINAL = new HashMap<>();

  static {
    for (int i = 0; i < SMALL.size(); i++) {
      CARDINAL.put(SMALL.get(i), i);
    }
    for (int i = 2; i < TENS.size(); i++) {
      CARDINAL.put(TENS.get(i), i * 10);
    }
    CARDINAL.put("fourty", 40);
    for (int i = 1; i < ORDINALS.size(); i++) {
      ORDINAL.put(ORDINALS.get(i), i);
    }
    ORDINAL.put("thirtieth", 30);
  }

  private NumberWords() {}

  static String toDigits(String text) {
    List<String> words = List.of(text.replaceAll("(?<=[a-z])-(?=[a-z])", " ").split("\\s+"));
    List<String> out = new ArrayList<>();
    int i = 0;
    while (i < words.size()) {
      Spoken spoken = read(words, i);
      if (spoken == null) {
        out.add(words.get(i++));
      } else {
        out.add(spoken.text);
        i = spoken.end;
      }
    }
    return String.join(" ", out).strip();
  }

  private record Spoken(String text, int end) {}

  private static @Nullable Spoken read(List<String> words, int start) {
    if (words.get(start).matches("oh|o") && start + 1 < words.size()) {
      Integer digit = CARDINAL.get(words.get(start + 1));
      return digit == null || digit > 9 ? null : new Spoken("0" + digit, start + 2);
    }
    long total = 0;
    long current = 0;
    long room =
        Long.MAX_VALUE; // what may still be added below the last word: 10 after a ten, 100 after a
    // hundred
    boolean any = false;
    int i = start;
    for (; i < words.size(); i++) {
      String word = words.get(i);
      Integer ordinal = ORDINAL.get(word);
      if (ordinal != null) {
        return ordinal < room && (!any || room <= 100)
            ? new Spoken(nth(total + current + ordinal), i + 1)
            : any ? new Spoken("" + (total + current), i) : null;
      }
      Integer value = CARDINAL.get(word);
      boolean digits = value == null
          && !any
          && word.matches("\\d{1,9}")
          && i + 1 < words.size()
          && words.get(i + 1).matches("hundred|thousand|million");
      if (digits) {
        value = Integer.valueOf(word);
      }
      if (value != null && value < room && !(any && value == 0)) {
        current += value;
        room = value >= 20 && value % 10 == 0 && !digits ? 10 : 0;
      } else if (word.equals("hundred") && current < 100 && (any || start == i)) {
        current = Math.max(1, current) * 100;
        room = 100;
      } else if (word.matches("thousand|million") && total == 0 && (any || start == i)) {
        total = Math.max(1, current) * (word.equals("thousand") ? 1000 : 1_000_000);
        current = 0;
        room = 1000;
      } else if (!(word.equals("and")
          && any
          && room >= 100
          && i + 1 < words.size()
          && small(words.get(i + 1), room))) {
        break;
      }
      any = true;
    }
    return any ? new Spoken(Long.toString(total + current), i) : null;
  }

  private static boolean small(String word, long room) {
    return CARDINAL.getOrDefault(word, ORDINAL.getOrDefault(word, Integer.MAX_VALUE)) < room;
  }

  private static String nth(long n) {
    return n
        + (n % 100 / 10 == 1
            ? "th"
            : n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th");
  }
}
