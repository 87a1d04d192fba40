package io.llmagentos.model.tokenizer.training;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;

/** Pieces of words as BERT (uncased) has them, learnt as byte pairs are: a piece that does not begin a word has {@code ##} before it. */
public final class WordPieceTrainer implements TokenizerTrainer {
  private static final int LIMIT_ALPHABET = 1000;
  private static final int MAX_CHARACTERS = 100;
  private static final String CONTINUATION = "##";
  private static final SequencedMap<String, String> ROLES = roles();

  private final int vocabSize;
  private final SortedMap<String, Long> words = new TreeMap<>();

  /** @param vocabSize tokens, the special ones included */
  public WordPieceTrainer(int vocabSize) {
    this.vocabSize = vocabSize;
  }

  private static SequencedMap<String, String> roles() {
    SequencedMap<String, String> roles = new LinkedHashMap<>();
    roles.put("pad_token", "[PAD]");
    roles.put("unk_token", "[UNK]");
    roles.put("cls_token", "[CLS]");
    roles.put("sep_token", "[SEP]");
    roles.put("mask_token", "[MASK]");
    return roles;
  }

  @Override
  public void add(String text) {
    for (String word : BertWords.of(text)) {
      words.merge(word, 1L, Long::sum);
    }
  }

  @Override
  public TrainedTokenizer train() {
    List<String> specials = List.copyOf(ROLES.values());
    Subwords subwords =
        Subwords.learn(words, specials, List.of(), LIMIT_ALPHABET, CONTINUATION, vocabSize);
    ObjectNode root = TrainedTokenizer.head(specials, subwords.ids());
    root.putObject("normalizer")
        .put("type", "BertNormalizer")
        .put("clean_text", true)
        .put("handle_chinese_chars", true)
        .putNull("strip_accents")
        .put("lowercase", true);
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    putTemplate(root.putObject("post_processor"), subwords);
    root.putObject("decoder")
        .put("type", "WordPiece")
        .put("prefix", CONTINUATION)
        .put("cleanup", true);
    ObjectNode model = root.putObject("model")
        .put("type", "WordPiece")
        .put("unk_token", "[UNK]")
        .put("continuing_subword_prefix", CONTINUATION)
        .put("max_input_chars_per_word", MAX_CHARACTERS);
    ObjectNode vocabulary = model.putObject("vocab");
    subwords.ids().forEach(vocabulary::put);
    return new TrainedTokenizer(root, new LinkedHashMap<>(ROLES));
  }

  /** [CLS] A [SEP], and for a pair B [SEP] of type 1. */
  private static void putTemplate(ObjectNode template, Subwords subwords) {
    template.put("type", "TemplateProcessing");
    for (String form : List.of("single", "pair")) {
      ArrayNode parts = template.putArray(form);
      putPart(parts, "SpecialToken", "[CLS]", 0);
      putPart(parts, "Sequence", "A", 0);
      putPart(parts, "SpecialToken", "[SEP]", 0);
      if (form.equals("pair")) {
        putPart(parts, "Sequence", "B", 1);
        putPart(parts, "SpecialToken", "[SEP]", 1);
      }
    }
    ObjectNode tokens = template.putObject("special_tokens");
    for (String token : List.of("[CLS]", "[SEP]")) {
      ObjectNode entry = tokens.putObject(token).put("id", token);
      entry.putArray("ids").add(subwords.ids().get(token));
      entry.putArray("tokens").add(token);
    }
  }

  private static void putPart(ArrayNode parts, String kind, String id, int type) {
    parts.addObject().putObject(kind).put("id", id).put("type_id", type);
  }
}
