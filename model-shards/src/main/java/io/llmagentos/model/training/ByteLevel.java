package io.llmagentos.model.training;

import java.nio.charset.StandardCharsets;
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
  private static final char[] SYMBOLS = symbols();

  private ByteLevel() {}

  /** A piece of text: its symbols (one per byte) and its place in the text it was cut from. */
  record Piece(String symbols, int start, int end) {}

  /** The symbol of every byte 0 to 255. */
  static char symbol(int b) {
    return SYMBOLS[b & 0xff];
  }

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
      var symbols = new StringBuilder();
      for (byte b : matcher.group().getBytes(StandardCharsets.UTF_8)) {
        symbols.append(symbol(b));
      }
      int start = matcher.start() + (matcher.group().startsWith(" ") ? 1 : 0) - shift;
      pieces.add(new Piece(symbols.toString(), start, matcher.end() - shift));
    }
    return pieces;
  }

  private static char[] symbols() {
    char[] symbols = new char[256];
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean ascii = b >= '!' && b <= '~';
      boolean latin = b >= 0xa1 && b != 0xad;
      boolean printable = ascii || latin;
      symbols[b] = (char) (printable ? b : next++);
    }
    return symbols;
  }
}
