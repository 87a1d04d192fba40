package io.llmagentos.model.functions;

import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The words of a request, of which values are made: what stands between white space, without the punctuation at its ends and without {@code 's}, which are words of
 * their own. Each word is some whole tokens.
 *
 * @param words in the order of the text
 */
public record RequestWords(String text, List<Word> words) {
  /** Words that can be named, see {@link CallTokens#word}. */
  public static final int NAMED = 64;

  private static final Pattern WORD =
      Pattern.compile("[\\p{L}\\p{N}](?:\\S*[\\p{L}\\p{N}])?(?='[sS](?![\\p{L}\\p{N}]))"
          + "|'[sS](?![\\p{L}\\p{N}])"
          + "|[\\p{L}\\p{N}](?:\\S*[\\p{L}\\p{N}])?"
          + "|[^\\s\\p{L}\\p{N}]+?(?=[\\p{L}\\p{N}]|\\s|'[sS]|$)");

  public RequestWords {
    words = List.copyOf(words);
  }

  /**
   * A word.
   *
   * @param tokens of it
   * @param start in chars, inclusive
   * @param end in chars, exclusive
   */
  public record Word(int[] tokens, int start, int end) {}

  public static RequestWords of(String text, Tokenizer tokenizer) {
    Tokens tokens = tokenizer.encodePlain(text);
    List<Word> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text);
    int at = 0;
    while (matcher.find()) {
      int end = text.codePointCount(0, matcher.end());
      int from = at;
      while (at < tokens.length() && tokens.starts()[at] < end) {
        at++;
      }
      if (at > from) {
        words.add(
            new Word(Arrays.copyOfRange(tokens.ids(), from, at), matcher.start(), matcher.end()));
      }
    }
    return new RequestWords(text, words);
  }

  /** The request's own characters from a word to another, both inclusive. */
  public String text(int first, int last) {
    return text.substring(words.get(first).start(), words.get(last).end());
  }

  /** How many of them can be part of a value. */
  public int named() {
    return Math.min(words.size(), NAMED);
  }
}
