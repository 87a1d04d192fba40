package io.llmagentos.model.serving;

/** Hears a generation. */
@FunctionalInterface
public interface TokenListener {
  TokenListener SILENT = text -> true;

  /** Take a piece of text; return false to cancel the generation. Must not block. */
  boolean onText(String text);

  /**
   * Take a token as it comes, and the text that it completes (often none). Return false to cancel the generation. Must not block.
   *
   * @param weightVersion the weights that said it
   */
  default boolean onToken(String weightVersion, int token, float logProb, String text) {
    return text.isEmpty() || onText(text);
  }
}
