package io.llmagentos.model.generation;

import io.llmagentos.model.tokenizer.Tokens;

/**
 * A request's tokens as the source of values: a value is a run of whole words, where a word is what the tokenizer's pre-tokenizer cuts (a run of
 * letters, of digits or of punctuation).
 *
 * @param starts of tokens in {@code text}, in code points
 * @param ends behind them
 * @param wordEnds for each token, the last token of its word
 */
record RequestSpans(String text, int[] ids, int[] starts, int[] ends, int[] wordEnds) {
  static RequestSpans of(String text, Tokens tokens) {
    int[] words = tokens.wordIds();
    int[] wordEnds = new int[words.length];
    for (int i = words.length - 1; i >= 0; i--) {
      wordEnds[i] = i + 1 < words.length && words[i + 1] == words[i] ? wordEnds[i + 1] : i;
    }
    return new RequestSpans(text, tokens.ids(), tokens.starts(), tokens.ends(), wordEnds);
  }

  int length() {
    return ids.length;
  }

  boolean beginsWord(int token) {
    return token == 0 || wordEnds[token - 1] == token - 1;
  }

  boolean endsWord(int token) {
    return wordEnds[token] == token;
  }

  /** The request's own characters of these tokens. */
  String text(int from, int to) {
    return text.substring(
            text.offsetByCodePoints(0, starts[from]), text.offsetByCodePoints(0, ends[to - 1]))
        .strip();
  }
}
