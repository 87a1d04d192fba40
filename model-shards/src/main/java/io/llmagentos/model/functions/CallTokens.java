package io.llmagentos.model.functions;

import java.util.List;

/**
 * The tokens of calls.
 *
 * <pre>
 * TAG request &lt;|call|&gt; &lt;fn:NAME&gt; (&lt;arg:SLOT&gt; value)* &lt;|end|&gt;
 * TAG request &lt;|call|&gt; &lt;|none|&gt; &lt;|end|&gt;
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
  public static final List<String> MARKUP = List.of(PAD, END, CALL, NONE, MASK);

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

  /** {@code NAME} of {@code <fn:NAME>} or {@code <arg:NAME>}. */
  public static String name(String token) {
    return token.substring(token.indexOf(':') + 1, token.length() - 1);
  }
}
