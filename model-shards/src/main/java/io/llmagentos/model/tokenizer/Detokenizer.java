package io.llmagentos.model.tokenizer;

import java.util.Arrays;

/**
 * Turns tokens into text as they come. A piece is the difference between two decodings that begin at the same earlier token, so that spaces are those
 * of the whole text; a piece that would end within a character waits for the rest of it. Not thread-safe.
 */
public final class Detokenizer {
  private static final String HALF_CHARACTER = "\uFFFD";
  /** No character is spread over more tokens than this: what is still broken then is broken for good. */
  private static final int MAX_PENDING = 16;

  private final Tokenizer tokenizer;
  private int[] window = new int[0];
  private int said;

  Detokenizer(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** The text that this token completes; often empty. Special tokens have none. */
  public String add(int token) {
    window = Arrays.copyOf(window, window.length + 1);
    window[window.length - 1] = token;
    String before = tokenizer.decode(Arrays.copyOf(window, said), true);
    String after = tokenizer.decode(window, true);
    if ((after.endsWith(HALF_CHARACTER) && window.length - said < MAX_PENDING)
        || after.length() <= before.length()) {
      return "";
    }
    window = Arrays.copyOfRange(window, said, window.length);
    said = window.length;
    return after.substring(before.length());
  }

  /** What has waited for its rest in vain. */
  public String finish() {
    String before = tokenizer.decode(Arrays.copyOf(window, said), true);
    String after = tokenizer.decode(window, true);
    said = window.length;
    return after.length() > before.length() ? after.substring(before.length()) : "";
  }
}
