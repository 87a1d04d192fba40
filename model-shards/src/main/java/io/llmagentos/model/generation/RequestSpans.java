package io.llmagentos.model.generation;

import io.llmagentos.model.tokenizer.Tokens;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A request's tokens as the source of values: a value is a run of them that begins where a word begins.
 *
 * @param wordStarts positions of tokens that begin a word
 */
record RequestSpans(String text, int[] ids, int[] starts, int[] ends, int[] wordStarts) {
  static RequestSpans of(String text, Tokens tokens) {
    int[] codePoints = text.codePoints().toArray();
    int[] wordStarts = IntStream.range(0, tokens.length())
        .filter(i -> beginsWord(codePoints, tokens.starts()[i]))
        .toArray();
    return new RequestSpans(text, tokens.ids(), tokens.starts(), tokens.ends(), wordStarts);
  }

  /** At the text's start, behind a space, or on one: byte-level tokens carry the space before their word. */
  private static boolean beginsWord(int[] codePoints, int start) {
    if (start < 0 || start >= codePoints.length) {
      return false;
    }
    return start == 0
        || Character.isWhitespace(codePoints[start - 1])
        || Character.isWhitespace(codePoints[start]);
  }

  /** The request's own characters where these tokens first stand. */
  String text(List<Integer> tokens) {
    for (int start : wordStarts) {
      if (stands(tokens, start)) {
        int from = text.offsetByCodePoints(0, starts[start]);
        int to = text.offsetByCodePoints(0, ends[start + tokens.size() - 1]);
        return text.substring(from, to).strip();
      }
    }
    throw new IllegalArgumentException("the request has no tokens " + tokens);
  }

  private boolean stands(List<Integer> tokens, int start) {
    if (tokens.isEmpty() || start + tokens.size() > ids.length) {
      return false;
    }
    for (int i = 0; i < tokens.size(); i++) {
      if (ids[start + i] != tokens.get(i)) {
        return false;
      }
    }
    return true;
  }
}
