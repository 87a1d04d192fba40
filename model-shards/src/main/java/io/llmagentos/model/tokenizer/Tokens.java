package io.llmagentos.model.tokenizer;

import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * An encoded text; each array has one entry per token.
 *
 * @param typeIds 0 for the first text, 1 for its pair
 * @param specialTokensMask 1 where the tokenizer added a token
 * @param wordIds -1: of no word
 * @param starts first character of the token in the text, in code points; -1: of no text
 * @param ends behind its last character
 */
public record Tokens(
    int[] ids,
    List<String> tokens,
    int[] typeIds,
    int[] attentionMask,
    int[] specialTokensMask,
    int[] wordIds,
    int[] starts,
    int[] ends) {
  public Tokens {
    tokens = List.copyOf(tokens);
  }

  public int length() {
    return ids.length;
  }

  Tokens shifted(int codePoints, int words) {
    return new Tokens(
        ids,
        tokens,
        typeIds,
        attentionMask,
        specialTokensMask,
        IntStream.of(wordIds).map(word -> word < 0 ? word : word + words).toArray(),
        IntStream.of(starts)
            .map(start -> start < 0 ? start : start + codePoints)
            .toArray(),
        IntStream.of(ends).map(end -> end < 0 ? end : end + codePoints).toArray());
  }

  static Tokens concatenate(List<Tokens> parts) {
    return new Tokens(
        join(parts, Tokens::ids),
        parts.stream().flatMap(part -> part.tokens.stream()).toList(),
        join(parts, Tokens::typeIds),
        join(parts, Tokens::attentionMask),
        join(parts, Tokens::specialTokensMask),
        join(parts, Tokens::wordIds),
        join(parts, Tokens::starts),
        join(parts, Tokens::ends));
  }

  private static int[] join(List<Tokens> parts, Function<Tokens, int[]> column) {
    return parts.stream().map(column).flatMapToInt(IntStream::of).toArray();
  }
}
