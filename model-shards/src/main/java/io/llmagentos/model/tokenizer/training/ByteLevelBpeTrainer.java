package io.llmagentos.model.tokenizer.training;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.tokenizer.ByteSymbols;
import java.text.Normalizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
  private final List<String> specials;
  private final SequencedMap<String, String> roles;
  private final boolean uncased;
  private final SortedMap<String, Long> words = new TreeMap<>();

  /** @param vocabSize tokens, the special ones included */
  public ByteLevelBpeTrainer(int vocabSize) {
    this(vocabSize, List.of(END), roles(), false);
  }

  private ByteLevelBpeTrainer(
      int vocabSize, List<String> specials, SequencedMap<String, String> roles, boolean uncased) {
    this.vocabSize = vocabSize;
    this.specials = List.copyOf(specials);
    this.roles = new LinkedHashMap<>(roles);
    this.uncased = uncased;
  }

  /**
   * Of a tokenizer that reads upper case as lower case and the first word as if a space stood before it.
   *
   * @param specials the first tokens, in this order
   * @param roles such as {@code eos_token}, and the special token that has it
   */
  public static ByteLevelBpeTrainer uncased(
      int vocabSize, List<String> specials, SequencedMap<String, String> roles) {
    return new ByteLevelBpeTrainer(vocabSize, specials, roles, true);
  }

  private static SequencedMap<String, String> roles() {
    SequencedMap<String, String> roles = new LinkedHashMap<>();
    for (String role : List.of("bos_token", "eos_token", "unk_token")) {
      roles.put(role, END);
    }
    return roles;
  }

  @Override
  public void add(String text) {
    words(uncased ? normalized(text) : text).forEach(word -> words.merge(word, 1L, Long::sum));
  }

  private static String normalized(String text) {
    String lower = Normalizer.normalize(text, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
    return lower.startsWith(" ") ? lower : " " + lower;
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
        Subwords.learn(symbols, specials, alphabet, Integer.MAX_VALUE, "", vocabSize);

    ObjectNode root = TrainedTokenizer.head(specials, subwords.ids());
    if (uncased) {
      ArrayNode steps =
          root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
      steps.addObject().put("type", "NFC");
      steps.addObject().put("type", "Lowercase");
    } else {
      root.putNull("normalizer");
    }
    putByteLevel(root, "pre_tokenizer", uncased, true);
    putByteLevel(root, "post_processor", uncased, uncased);
    putByteLevel(root, "decoder", uncased, true);
    ArrayNode merges = TrainedTokenizer.putBpe(root, subwords.ids()).putArray("merges");
    subwords.merges().forEach(merge -> merges.add(merge.left() + " " + merge.right()));
    return new TrainedTokenizer(root, roles);
  }

  private static void putByteLevel(
      ObjectNode root, String part, boolean addPrefixSpace, boolean trimOffsets) {
    root.putObject(part)
        .put("type", "ByteLevel")
        .put("add_prefix_space", addPrefixSpace)
        .put("trim_offsets", trimOffsets)
        .put("use_regex", true);
  }
}
