package io.llmagentos.model.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.BytePairTrainer.Merge;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A byte-level BPE tokenizer over lower-cased text, and its Hugging Face file. Thread-safe. */
public final class BytePairTokenizer {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<String> specials;
  private final Map<String, Integer> ids;
  private final List<Merge> merges;
  private final Map<Merge, Integer> ranks = new HashMap<>();

  BytePairTokenizer(List<String> specials, Map<String, Integer> ids, List<Merge> merges) {
    this.specials = List.copyOf(specials);
    this.ids = ids;
    this.merges = List.copyOf(merges);
    for (Merge merge : merges) {
      ranks.putIfAbsent(merge, ranks.size());
    }
  }

  /**
   * Tokens of a text.
   *
   * @param ids token ids
   * @param starts where each token starts in the text, its leading space left out
   * @param ends where each token ends, exclusive
   * @param first whether the token starts a word, a number or a run of punctuation
   */
  public record Encoding(int[] ids, int[] starts, int[] ends, boolean[] first) {

    /** Whether a word, a number or a run of punctuation ends with this token. */
    public boolean last(int token) {
      return token + 1 == first.length || first[token + 1];
    }
  }

  public int size() {
    return ids.size();
  }

  /** The id of a special token, which must exist. */
  public int special(String token) {
    Integer id = ids.get(token);
    if (id == null || id >= specials.size()) {
      throw new IllegalArgumentException("no special token " + token);
    }
    return id;
  }

  /** The token with this id, bytes written as symbols. */
  public String token(int id) {
    for (Map.Entry<String, Integer> entry : ids.entrySet()) {
      if (entry.getValue() == id) {
        return entry.getKey();
      }
    }
    throw new IllegalArgumentException("no token " + id + "; the vocabulary has " + ids.size());
  }

  /** Encodes plain text: special tokens in it are not looked for. */
  public Encoding encode(String text) {
    var tokens = new ArrayList<int[]>();
    var first = new BitSet();
    for (ByteLevel.Piece piece : ByteLevel.pieces(text)) {
      int at = piece.start();
      boolean spaced = piece.symbols().length() > piece.end() - piece.start();
      List<String> symbols = split(piece.symbols());
      for (int i = 0; i < symbols.size(); i++) {
        // One character a byte: exact for ASCII; other pieces give their own bounds to every token.
        boolean ascii = piece.symbols().length() - (spaced ? 1 : 0) == piece.end() - piece.start();
        int length = symbols.get(i).length() - (i == 0 && spaced ? 1 : 0);
        first.set(tokens.size(), i == 0);
        tokens.add(
            ascii
                ? new int[] {ids.get(symbols.get(i)), at, at + length}
                : new int[] {ids.get(symbols.get(i)), piece.start(), piece.end()});
        at += length;
      }
    }
    boolean[] starts = new boolean[tokens.size()];
    first.stream().forEach(i -> starts[i] = true);
    return new Encoding(column(tokens, 0), column(tokens, 1), column(tokens, 2), starts);
  }

  private List<String> split(String word) {
    List<String> symbols =
        new ArrayList<>(word.chars().mapToObj(Character::toString).toList());
    while (symbols.size() > 1) {
      Merge best = null;
      int bestRank = Integer.MAX_VALUE;
      for (int i = 0; i + 1 < symbols.size(); i++) {
        var pair = new Merge(symbols.get(i), symbols.get(i + 1));
        int rank = ranks.getOrDefault(pair, Integer.MAX_VALUE);
        if (rank < bestRank) {
          best = pair;
          bestRank = rank;
        }
      }
      if (best == null) {
        break;
      }
      apply(best, symbols);
    }
    return symbols;
  }

  /** Joins every occurrence of the pair, from the left. */
  static void apply(Merge merge, List<String> symbols) {
    for (int i = 0; i + 1 < symbols.size(); i++) {
      if (symbols.get(i).equals(merge.left()) && symbols.get(i + 1).equals(merge.right())) {
        symbols.set(i, merge.left() + merge.right());
        symbols.remove(i + 1);
      }
    }
  }

  private static int[] column(List<int[]> rows, int column) {
    return rows.stream().mapToInt(r -> r[column]).toArray();
  }

  /** Writes tokenizer.json as the Hugging Face tokenizers library reads it. */
  public void write(Path file) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("version", "1.0");
    root.putNull("truncation");
    root.putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (String special : specials) {
      added
          .addObject()
          .put("id", special(special))
          .put("content", special)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    ObjectNode normalizer = root.putObject("normalizer").put("type", "Sequence");
    ArrayNode steps = normalizer.putArray("normalizers");
    steps.addObject().put("type", "NFC");
    steps.addObject().put("type", "Lowercase");
    byteLevel(root.putObject("pre_tokenizer"));
    root.putNull("post_processor");
    byteLevel(root.putObject("decoder"));
    ObjectNode model = root.putObject("model").put("type", "BPE");
    for (String absent :
        List.of("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix")) {
      model.putNull(absent);
    }
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    ObjectNode vocabulary = model.putObject("vocab");
    ids.forEach(vocabulary::put);
    ArrayNode list = model.putArray("merges");
    merges.forEach(m -> list.add(m.left() + " " + m.right()));
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), root);
  }

  private static void byteLevel(ObjectNode node) {
    node.put("type", "ByteLevel")
        .put("add_prefix_space", true)
        .put("trim_offsets", true)
        .put("use_regex", true);
  }
}
