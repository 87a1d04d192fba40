package io.llmagentos.model.tokenizer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.llmagentos.model.tokenizer.training.Subwords.Merge;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubwordsTest {
  private static Subwords learn(Map<String, Long> words, String continuation, int vocabSize) {
    return Subwords.learn(
        new TreeMap<>(words), List.of(), List.of(), Integer.MAX_VALUE, continuation, vocabSize);
  }

  /** The example of the tokenizers library's own test. */
  @Test
  void shouldLearnWhatHuggingFaceLearns() {
    Map<String, Long> words = new HashMap<>();
    List.of("roses", "red", "voilets", "blue", "BERT", "big", "and", "so", "GPT-2")
        .forEach(word -> words.put(word, 1L));
    words.put("are", 2L);
    words.put("is", 2L);
    Subwords subwords = learn(words, "", 30_000);
    assertThat(String.join(" ", subwords.ids().keySet()))
        .isEqualTo("- 2 B E G P R T a b d e g i l n o r s t u v re are is");
    assertThat(subwords.merges())
        .containsExactly(new Merge("r", "e"), new Merge("a", "re"), new Merge("i", "s"));
  }

  /** The definition: count all pairs anew for every merge. */
  private static List<Merge> slowly(
      SortedMap<String, Long> words, String continuation, int merges) {
    Map<String, Integer> ids = new HashMap<>();
    words.keySet().stream()
        .flatMapToInt(String::codePoints)
        .distinct()
        .sorted()
        .forEach(c -> ids.put(Character.toString(c), ids.size()));
    List<List<String>> split = new ArrayList<>();
    for (String word : words.keySet()) {
      List<String> symbols = new ArrayList<>();
      word.codePoints()
          .forEach(
              c -> symbols.add((symbols.isEmpty() ? "" : continuation) + Character.toString(c)));
      symbols.forEach(symbol -> ids.putIfAbsent(symbol, ids.size()));
      split.add(symbols);
    }
    List<Long> counts = new ArrayList<>(words.values());
    List<Merge> learnt = new ArrayList<>();
    while (learnt.size() < merges) {
      Map<Merge, Long> pairs = new HashMap<>();
      for (int w = 0; w < split.size(); w++) {
        for (int t = 0; t + 1 < split.get(w).size(); t++) {
          pairs.merge(
              new Merge(split.get(w).get(t), split.get(w).get(t + 1)), counts.get(w), Long::sum);
        }
      }
      Merge best = pairs.keySet().stream()
          .filter(pair -> pairs.getOrDefault(pair, 0L) >= 2)
          .min(Comparator.comparingLong((Merge pair) -> -pairs.getOrDefault(pair, 0L))
              .thenComparingInt(pair -> ids.getOrDefault(pair.left(), -1))
              .thenComparingInt(pair -> ids.getOrDefault(pair.right(), -1)))
          .orElse(null);
      if (best == null) {
        break;
      }
      learnt.add(best);
      String joined = best.left()
          + best.right()
              .substring(best.right().startsWith(continuation) ? continuation.length() : 0);
      ids.putIfAbsent(joined, ids.size());
      for (List<String> symbols : split) {
        for (int t = 0; t + 1 < symbols.size(); t++) {
          if (symbols.get(t).equals(best.left()) && symbols.get(t + 1).equals(best.right())) {
            symbols.set(t, joined);
            symbols.remove(t + 1);
          }
        }
      }
    }
    return learnt;
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "##"})
  void shouldLearnWhatCountingAnewLearns(String continuation) {
    SplittableRandom random = new SplittableRandom(3);
    for (int round = 0; round < 20; round++) {
      SortedMap<String, Long> words = new TreeMap<>();
      for (int w = 0; w < 60; w++) {
        StringBuilder word = new StringBuilder();
        int length = 1 + random.nextInt(12);
        for (int c = 0; c < length; c++) {
          word.append((char) ('a' + random.nextInt(3))); // many repetitions: aaa, abab
        }
        words.merge(word.toString(), 1L + random.nextInt(9), Long::sum);
      }
      List<Merge> merges = learn(words, continuation, 40).merges();
      assertThat(merges)
          .hasSizeGreaterThan(20)
          .isEqualTo(slowly(words, continuation, merges.size()));
    }
  }

  @Test
  void shouldLeaveOutTheRarestSymbolsAboveTheLimit() {
    SortedMap<String, Long> words = new TreeMap<>(Map.of("ab", 5L, "ac", 3L, "xd", 1L));
    Subwords subwords = Subwords.learn(words, List.of("[UNK]"), List.of("z"), 3, "##", 100);
    assertThat(subwords.ids().keySet()).containsExactly("[UNK]", "a", "b", "z", "##b", "ab");
  }

  @Test
  void shouldSayHowManyTokensItNeedsAtLeast() {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> new ByteLevelBpeTrainer(200).train())
        .withMessageContaining("vocab_size is 200, must be at least 257")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.SETTINGS_INVALID))
        .satisfies(e -> assertThat(e.param()).isEqualTo("vocab_size"));
  }
}
