package io.llmagentos.model.tokenizer;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A model's {@code tokenizer.json}. Never truncates unless told to. Thread-safe. */
public final class Tokenizer implements AutoCloseable {
  public static final String FILE = "tokenizer.json";

  static {
    // The library in the jar does; without this DJL looks on the net for one that fits the
    // machine's GPU.
    System.setProperty("RUST_FLAVOR", System.getProperty("RUST_FLAVOR", "cpu"));
    System.setProperty("ai.djl.offline", System.getProperty("ai.djl.offline", "true"));
  }

  private final HuggingFaceTokenizer tokenizer;
  private final Vocabulary vocabulary;

  private Tokenizer(HuggingFaceTokenizer tokenizer, Vocabulary vocabulary) {
    this.tokenizer = tokenizer;
    this.vocabulary = vocabulary;
  }

  /** From a model's directory; fails with {@code MODEL_FILE_MISSING} or {@code MODEL_FILE_CORRUPT}. */
  public static Tokenizer load(Path directory) {
    return load(directory, Map.of("truncation", "do_not_truncate"));
  }

  /** One that cuts what it encodes. */
  public static Tokenizer load(Path directory, Truncation truncation) {
    return load(
        directory,
        Map.of(
            "truncation",
            truncation.strategy().name().toLowerCase(java.util.Locale.ROOT),
            "maxLength",
            Integer.toString(truncation.maxLength()),
            "modelMaxLength",
            Integer.toString(truncation.maxLength())));
  }

  private static Tokenizer load(Path directory, Map<String, String> options) {
    Path file = directory.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_MISSING, file + " does not exist; a model needs its " + FILE, FILE);
    }
    try {
      byte[] bytes = Files.readAllBytes(file);
      Vocabulary vocabulary = Vocabulary.parse(bytes);
      return new Tokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(bytes), options), vocabulary);
    } catch (IOException | RuntimeException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT, file + " is not a tokenizer: " + e.getMessage(), FILE, e);
    }
  }

  /** The tokens of a text; names of special tokens in it become those tokens. */
  public Tokens encode(String text, boolean addSpecialTokens) {
    return tokens(tokenizer.encode(text, addSpecialTokens, false));
  }

  /** The ids of {@link #encode(String, boolean)} alone, in a fraction of its time and memory. */
  public int[] ids(String text, boolean addSpecialTokens) {
    long encoding = TokenizersLibrary.LIB.encode(tokenizer.getHandle(), text, addSpecialTokens);
    try {
      return ints(TokenizersLibrary.LIB.getTokenIds(encoding));
    } finally {
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
  }

  /** The tokens of two texts together. */
  public Tokens encode(String text, String pair, boolean addSpecialTokens) {
    return tokens(tokenizer.encode(text, pair, addSpecialTokens, false));
  }

  /** The tokens of a text that somebody else wrote: the name of a special token in it is plain characters. */
  public Tokens encodePlain(String text) {
    List<Integer> cuts = vocabulary.cutsInSpecialTokens(text);
    if (cuts.isEmpty()) {
      return encode(text, false);
    }
    List<Tokens> parts = new ArrayList<>();
    int from = 0;
    int codePoints = 0;
    int words = 0;
    for (int i = 0; i <= cuts.size(); i++) {
      int to = i < cuts.size() ? cuts.get(i) : text.length();
      String part = text.substring(from, to);
      Tokens tokens = encode(part, false).shifted(codePoints, words);
      parts.add(tokens);
      words = IntStream.of(tokens.wordIds()).map(word -> word + 1).max().orElse(words);
      codePoints += part.codePointCount(0, part.length());
      from = to;
    }
    return Tokens.concatenate(parts);
  }

  public String decode(int[] ids, boolean skipSpecialTokens) {
    return tokenizer.decode(IntStream.of(ids).asLongStream().toArray(), skipSpecialTokens);
  }

  /** Turns a generation's tokens into text as they come. */
  public Detokenizer detokenizer() {
    return new Detokenizer(this);
  }

  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /** The id of a token by its exact name; fails with {@code MODEL_FILE_CORRUPT} when there is none. */
  public int requireId(String token) {
    int id = vocabulary.id(token);
    if (id < 0) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT, FILE + " has no token '" + token + "'", FILE);
    }
    return id;
  }

  @Override
  public void close() {
    tokenizer.close();
  }

  private static Tokens tokens(Encoding encoding) {
    @Nullable CharSpan[] spans = encoding.getCharTokenSpans();
    int[] starts = new int[spans.length];
    int[] ends = new int[spans.length];
    for (int i = 0; i < spans.length; i++) {
      CharSpan span = spans[i];
      starts[i] = span == null ? -1 : span.getStart();
      ends[i] = span == null ? -1 : span.getEnd();
    }
    return new Tokens(
        ints(encoding.getIds()),
        List.of(encoding.getTokens()),
        ints(encoding.getTypeIds()),
        ints(encoding.getAttentionMask()),
        ints(encoding.getSpecialTokenMask()),
        ints(encoding.getWordIds()),
        starts,
        ends);
  }

  private static int[] ints(long[] values) {
    int[] ints = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      ints[i] = Math.toIntExact(values[i]);
    }
    return ints;
  }

  /**
   * How too long texts are cut.
   *
   * @param maxLength in tokens, the special ones included
   */
  public record Truncation(Strategy strategy, int maxLength) {
    /** Of a pair: which of the two is cut. */
    public enum Strategy {
      LONGEST_FIRST,
      ONLY_FIRST,
      ONLY_SECOND
    }
  }
}
