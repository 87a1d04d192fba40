package io.llmagentos.model.functions;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The tokens of calls. Each word of a request is followed by its number, and a value is the numbers of its first and its last word.
 *
 * <pre>
 * TAG word &lt;w0&gt; word &lt;w1&gt; ... &lt;|call|&gt; &lt;fn:NAME&gt; (&lt;arg:SLOT&gt; &lt;wI&gt; &lt;wJ&gt;)* &lt;|end|&gt;
 * TAG word &lt;w0&gt; word &lt;w1&gt; ... &lt;|call|&gt; &lt;|none|&gt; &lt;|end|&gt;
 * </pre>
 */
public final class CallTokens {
  public static final String CALL = "<|call|>";
  public static final String NONE = "<|none|>";
  public static final String END = "<|end|>";
  public static final String PAD = "<|pad|>";

  /** Stands for what a model does not see in training. */
  public static final String MASK = "<|mask|>";

  /** Those that every model has, in the order of their ids. */
  public static final List<String> MARKUP = Stream.concat(
          Stream.of(PAD, END, CALL, NONE, MASK),
          IntStream.range(0, RequestWords.NAMED).mapToObj(CallTokens::word))
      .toList();

  private CallTokens() {}

  /** The token of a set. */
  public static String tag(String set) {
    return "<|" + set + "|>";
  }

  public static String function(String name) {
    return "<fn:" + name + ">";
  }

  public static String slot(String name) {
    return "<arg:" + name + ">";
  }

  /** The number of a word, from 0 and below {@link RequestWords#NAMED}. */
  public static String word(int index) {
    return "<w" + index + ">";
  }

  /** {@code NAME} of {@code <fn:NAME>} or {@code <arg:NAME>}. */
  public static String name(String token) {
    return token.substring(token.indexOf(':') + 1, token.length() - 1);
  }
}
