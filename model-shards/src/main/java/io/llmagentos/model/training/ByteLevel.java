package io.llmagentos.model.training;

import io.llmagentos.model.tokenizer.ByteSymbols;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * GPT-2's byte-level pre-tokenisation over normalised (NFC, lower-cased) text with a space in front: a word has the same
 * tokens wherever it stands. A byte is written as one printable character, as in tokenizer.json.
 */
final class ByteLevel {
  private static final Pattern PIECES = Pattern.compile(
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{IsWhite_Space}\\p{L}\\p{N}]+|\\p{IsWhite_Space}+(?!\\P{IsWhite_Space})|\\p{IsWhite_Space}+");

  private ByteLevel() {}

  /** A piece of text: its symbols (one per byte) and its place in the text it was cut from. */
  record Piece(String symbols, int start, int end) {}

  /**
   * The text's pieces. Places count the characters of {@code text}; they are exact as long as normalisation keeps the
   * number of characters (it does for composed text without rare capitals).
   */
  static List<Piece> pieces(String text) {
    String normal = Normalizer.normalize(text, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
    boolean prefixed = !normal.startsWith(" ");
    Matcher matcher = PIECES.matcher(prefixed ? " " + normal : normal);
    int shift = prefixed ? 1 : 0;
    var pieces = new ArrayList<Piece>();
    while (matcher.find()) {
      int start = matcher.start() + (matcher.group().startsWith(" ") ? 1 : 0) - shift;
      pieces.add(new Piece(ByteSymbols.of(matcher.group()), start, matcher.end() - shift));
    }
    return pieces;
  }
}
