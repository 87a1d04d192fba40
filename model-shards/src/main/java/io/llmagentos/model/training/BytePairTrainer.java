package io.llmagentos.model.training;

import io.llmagentos.model.tokenizer.ByteSymbols;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Learns byte pair merges (Sennrich et al. 2016, https://arxiv.org/abs/1508.07909): again and again the most frequent
 * pair of neighbouring symbols becomes a symbol. Ties go to the pair that sorts first, so that the same texts give the
 * same merges. Pairs are counted anew for each merge: seconds for corpora of some thousand different words.
 */
public final class BytePairTrainer {
  private final Map<String, Integer> words = new TreeMap<>();

  record Merge(String left, String right) {}

  /** Counts the words of one text. */
  public void add(String text) {
    for (ByteLevel.Piece piece : ByteLevel.pieces(text)) {
      words.merge(piece.symbols(), 1, Integer::sum);
    }
  }

  /**
   * A tokenizer of {@code vocabulary} entries: the special tokens, in their order, the 256 bytes, then merges of pairs
   * seen at least twice. Fails when the texts do not give that many merges.
   */
  public BytePairTokenizer train(List<String> specials, int vocabulary) {
    int wanted = vocabulary - specials.size() - 256;
    List<Merge> merges = merges(wanted);
    if (merges.size() < wanted) {
      throw new IllegalArgumentException("a vocabulary of " + vocabulary + " needs " + wanted
          + " merges and the texts give " + merges.size() + "; choose a smaller vocabulary");
    }
    var ids = new LinkedHashMap<String, Integer>();
    for (String special : specials) {
      ids.put(special, ids.size());
    }
    for (int b = 0; b < 256; b++) {
      ids.put(String.valueOf(ByteSymbols.symbol(b)), ids.size());
    }
    for (Merge merge : merges) {
      ids.put(merge.left() + merge.right(), ids.size());
    }
    return new BytePairTokenizer(specials, ids, merges);
  }

  private List<Merge> merges(int wanted) {
    var split = new ArrayList<List<String>>();
    var counts = new ArrayList<Integer>();
    words.forEach((word, count) -> {
      split.add(new ArrayList<>(word.chars().mapToObj(Character::toString).toList()));
      counts.add(count);
    });
    var merges = new ArrayList<Merge>();
    Map<Merge, Integer> pairs = new HashMap<>();
    for (int w = 0; w < split.size(); w++) {
      count(split.get(w), counts.get(w), pairs);
    }
    Comparator<Map.Entry<Merge, Integer>> order = Map.Entry.<Merge, Integer>comparingByValue()
        .thenComparing(e -> e.getKey().left(), Comparator.reverseOrder())
        .thenComparing(e -> e.getKey().right(), Comparator.reverseOrder());
    while (merges.size() < wanted) {
      var best = pairs.entrySet().stream().max(order);
      if (best.isEmpty() || best.get().getValue() < 2) {
        break;
      }
      Merge merge = best.get().getKey();
      merges.add(merge);
      for (int w = 0; w < split.size(); w++) {
        List<String> symbols = split.get(w);
        if (contains(symbols, merge)) {
          count(symbols, -counts.get(w), pairs);
          BytePairTokenizer.apply(merge, symbols);
          count(symbols, counts.get(w), pairs);
        }
      }
      pairs.values().removeIf(n -> n == 0);
    }
    return merges;
  }

  private static void count(List<String> symbols, int times, Map<Merge, Integer> pairs) {
    for (int i = 0; i + 1 < symbols.size(); i++) {
      pairs.merge(new Merge(symbols.get(i), symbols.get(i + 1)), times, Integer::sum);
    }
  }

  private static boolean contains(List<String> symbols, Merge merge) {
    for (int i = 0; i + 1 < symbols.size(); i++) {
      if (symbols.get(i).equals(merge.left()) && symbols.get(i + 1).equals(merge.right())) {
        return true;
      }
    }
    return false;
  }
}
