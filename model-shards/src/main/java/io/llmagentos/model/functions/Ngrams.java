package io.llmagentos.model.functions;

import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The n-grams of a lower-cased text: its words, pairs of neighbouring words, and the runs of two to five characters of each word with a space at both ends; each is
 * known by a hash (Weinberger et al. 2009, https://arxiv.org/abs/0902.2206).
 */
final class Ngrams {
  /** Hashes are below this. */
  static final int BUCKETS = 1 << 16;

  private static final Pattern BETWEEN_WORDS = Pattern.compile("[^\\p{L}\\p{N}']+");
  private static final int SHORTEST = 2;
  private static final int LONGEST = 5;
  private static final int GOLDEN = 0x9E3779B1;

  private Ngrams() {}

  /** How often each n-gram occurs. */
  static SortedMap<Integer, Integer> of(String text) {
    SortedMap<Integer, Integer> counts = new TreeMap<>();
    String before = "";
    for (String word : BETWEEN_WORDS.split(text.toLowerCase(Locale.ROOT), -1)) {
      if (word.isEmpty()) {
        continue;
      }
      count(counts, "w" + word);
      if (!before.isEmpty()) {
        count(counts, "b" + before + " " + word);
      }
      String spaced = " " + word + " ";
      for (int n = SHORTEST; n <= LONGEST; n++) {
        for (int from = 0; from + n <= spaced.length(); from++) {
          count(counts, "c" + spaced.substring(from, from + n));
        }
      }
      before = word;
    }
    return counts;
  }

  private static void count(SortedMap<Integer, Integer> counts, String ngram) {
    counts.merge((ngram.hashCode() * GOLDEN) >>> (Integer.SIZE - 16), 1, Integer::sum);
  }
}
