package io.llmagentos.model.tokenizer.training;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Byte pair encoding (Sennrich et al. 2016, https://arxiv.org/abs/1508.07909) as Hugging Face's tokenizers learns it: the pair of neighbouring tokens that is seen
 * most often becomes a token, again and again; of equally frequent pairs that of the older tokens. Same words, same result.
 *
 * @param ids the special tokens, the alphabet by code point, then what was merged
 * @param merges in the order they were learnt
 */
record Subwords(SequencedMap<String, Integer> ids, List<Merge> merges) {
  private static final long MIN_FREQUENCY = 2;

  /** Two tokens that become one. */
  record Merge(String left, String right) {}

  /**
   * Learns them; fewer than asked for when no pair is left that was seen twice.
   *
   * @param words how often each was seen
   * @param alphabet symbols (one code point each) that exist whether they were seen or not
   * @param limitAlphabet symbols at most: the rarest others are left out of their words
   * @param continuation stands before each symbol that does not begin a word
   * @throws AgentOsException {@code SETTINGS_INVALID} for a {@code vocab_size} that the symbols alone exceed
   */
  static Subwords learn(
      SortedMap<String, Long> words,
      List<String> specials,
      Collection<String> alphabet,
      int limitAlphabet,
      String continuation,
      int vocabSize) {
    Learner learner = new Learner(continuation);
    specials.forEach(learner::id);
    learner.alphabet(words, alphabet, limitAlphabet);
    learner.split(words);
    if (learner.tokens.size() > vocabSize) {
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          "vocab_size is " + vocabSize + ", must be at least " + learner.tokens.size() + ": "
              + specials.size() + " special tokens and the symbols of the text",
          "vocab_size");
    }
    learner.merge(vocabSize);
    return new Subwords(learner.ids, List.copyOf(learner.merges));
  }

  private static final class Learner {
    private static final int PAIR_SHIFT = 32;

    private final String continuation;
    private final SequencedMap<String, Integer> ids = new LinkedHashMap<>();
    private final List<String> tokens = new ArrayList<>();
    private final List<Merge> merges = new ArrayList<>();
    private final List<int[]> words = new ArrayList<>();
    private final List<Long> counts = new ArrayList<>();
    private final Map<Long, Pair> pairs = new HashMap<>();

    Learner(String continuation) {
      this.continuation = continuation;
    }

    /** A pair of tokens: how often it is there, and in which words it may be. */
    private static final class Pair {
      private final long key;
      private long count;
      private int[] words = new int[2];
      private int used;

      Pair(long key) {
        this.key = key;
      }

      void add(int word) {
        if (used > 0 && words[used - 1] == word) {
          return;
        }
        if (used == words.length) {
          words = Arrays.copyOf(words, 2 * used);
        }
        words[used++] = word;
      }
    }

    private record Candidate(long count, long key) {}

    int id(String token) {
      return ids.computeIfAbsent(token, name -> {
        tokens.add(name);
        return tokens.size() - 1;
      });
    }

    void alphabet(SortedMap<String, Long> seen, Collection<String> initial, int limit) {
      Map<String, Long> symbols = new HashMap<>();
      seen.forEach((word, count) ->
          word.codePoints().forEach(c -> symbols.merge(Character.toString(c), count, Long::sum)));
      initial.forEach(symbol -> symbols.put(symbol, Long.MAX_VALUE));
      Comparator<String> byCodePoint = Comparator.comparingInt(symbol -> symbol.codePointAt(0));
      TreeSet<String> kept = new TreeSet<>(byCodePoint);
      symbols.entrySet().stream()
          .sorted(Map.Entry.<String, Long>comparingByValue()
              .reversed()
              .thenComparing(Map.Entry::getKey, byCodePoint))
          .limit(limit)
          .forEach(entry -> kept.add(entry.getKey()));
      kept.forEach(this::id);
    }

    void split(SortedMap<String, Long> seen) {
      seen.forEach((word, count) -> {
        IntStream.Builder symbols = IntStream.builder();
        boolean[] first = {true};
        word.codePoints().forEach(c -> {
          String symbol = Character.toString(c);
          if (ids.containsKey(symbol)) {
            symbols.add(first[0] ? id(symbol) : id(continuation + symbol));
          }
          first[0] = false;
        });
        words.add(symbols.build().toArray());
        counts.add(count);
      });
    }

    void merge(int vocabSize) {
      for (int w = 0; w < words.size(); w++) {
        count(w, words.get(w), counts.get(w));
      }
      PriorityQueue<Candidate> queue = new PriorityQueue<>(
          Comparator.comparingLong(Candidate::count).reversed().thenComparingLong(Candidate::key));
      pairs.values().forEach(pair -> queue.add(new Candidate(pair.count, pair.key)));
      while (tokens.size() < vocabSize && !queue.isEmpty()) {
        Candidate best = queue.remove();
        Pair pair = pairs.get(best.key());
        if (pair == null || pair.count < MIN_FREQUENCY) {
          continue;
        }
        if (pair.count != best.count()) { // it has become rarer since
          queue.add(new Candidate(pair.count, pair.key));
          continue;
        }
        for (Pair grown : apply(pair)) {
          queue.add(new Candidate(grown.count, grown.key));
        }
      }
    }

    /** Joins a pair everywhere; returns the pairs that the new token is in. */
    private Collection<Pair> apply(Pair pair) {
      int left = (int) (pair.key >>> PAIR_SHIFT);
      int right = (int) pair.key;
      String second = tokens.get(right);
      merges.add(new Merge(tokens.get(left), second));
      int joined = id(tokens.get(left)
          + (second.startsWith(continuation) ? second.substring(continuation.length()) : second));
      pairs.remove(pair.key);
      Map<Long, Pair> grown = new HashMap<>();
      for (int i = 0; i < pair.used; i++) {
        int w = pair.words[i];
        int[] before = words.get(w);
        int[] after = join(before, left, right, joined);
        if (after.length < before.length) {
          uncount(before, counts.get(w));
          count(w, after, counts.get(w));
          words.set(w, after);
          for (int t = 0; t + 1 < after.length; t++) {
            if (after[t] == joined || after[t + 1] == joined) {
              long key = key(after[t], after[t + 1]);
              Pair other = pairs.get(key);
              if (other != null) {
                grown.put(key, other);
              }
            }
          }
        }
      }
      pairs.remove(pair.key);
      return grown.values();
    }

    private static int[] join(int[] word, int left, int right, int joined) {
      int[] after = new int[word.length];
      int length = 0;
      for (int t = 0; t < word.length; t++) {
        boolean here = word[t] == left && t + 1 < word.length && word[t + 1] == right;
        after[length++] = here ? joined : word[t];
        if (here) {
          t++;
        }
      }
      return Arrays.copyOf(after, length);
    }

    private static long key(int left, int right) {
      return (long) left << PAIR_SHIFT | right;
    }

    private void count(int w, int[] word, long times) {
      for (int t = 0; t + 1 < word.length; t++) {
        Pair pair = pairs.computeIfAbsent(key(word[t], word[t + 1]), Pair::new);
        pair.count += times;
        pair.add(w);
      }
    }

    private void uncount(int[] word, long times) {
      for (int t = 0; t + 1 < word.length; t++) {
        Pair pair = pairs.get(key(word[t], word[t + 1]));
        if (pair != null) {
          pair.count -= times;
        }
      }
    }
  }
}
