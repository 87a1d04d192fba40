package io.llmagentos.model.tokenizer.training;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.tokenizer.ByteSymbols;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Byte pairs as GPT-2 has them: words with the space before them, bytes as symbols, so that any text has tokens and comes back as it was. */
public final class ByteLevelBpeTrainer implements TokenizerTrainer {
  static final String END = "<|endoftext|>";

  private static final Pattern WORDS = Pattern.compile(
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{IsWhite_Space}\\p{L}\\p{N}]+"
          + "|\\p{IsWhite_Space}+(?!\\P{IsWhite_Space})|\\p{IsWhite_Space}+");

  private final int vocabSize;
  private final SortedMap<String, Long> words = new TreeMap<>();

  /** @param vocabSize tokens, the special ones included */
  public ByteLevelBpeTrainer(int vocabSize) {
    this.vocabSize = vocabSize;
  }

  @Override
  public void add(String text) {
    words(text).forEach(word -> words.merge(word, 1L, Long::sum));
  }

  static List<String> words(String text) {
    return WORDS.matcher(text).results().map(MatchResult::group).toList();
  }

  @Override
  public TrainedTokenizer train() {
    SortedMap<String, Long> symbols = new TreeMap<>();
    words.forEach((word, count) -> symbols.put(ByteSymbols.of(word), count));
    List<String> alphabet = IntStream.range(0, 256)
        .mapToObj(b -> String.valueOf(ByteSymbols.symbol(b)))
        .toList();
    Subwords subwords =
        Subwords.learn(symbols, List.of(END), alphabet, Integer.MAX_VALUE, "", vocabSize);

    ObjectNode root = TrainedTokenizer.head(List.of(END), subwords.ids());
    root.putNull("normalizer");
    putByteLevel(root, "pre_tokenizer", true);
    putByteLevel(root, "post_processor", false);
    putByteLevel(root, "decoder", true);
    ArrayNode merges = TrainedTokenizer.putBpe(root, subwords.ids()).putArray("merges");
    subwords.merges().forEach(merge -> merges.add(merge.left() + " " + merge.right()));
    SequencedMap<String, String> roles = new LinkedHashMap<>();
    for (String role : List.of("bos_token", "eos_token", "unk_token")) {
      roles.put(role, END);
    }
    return new TrainedTokenizer(root, roles);
  }

  private static void putByteLevel(ObjectNode root, String part, boolean trimOffsets) {
    root.putObject(part)
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", trimOffsets)
        .put("use_regex", true);
  }
}
