package io.llmagentos.model.tokenizer;

/**
 * Jinja's whitespace control, applied to a template's source: {@code -} beside a delimiter strips on that side, a block's line keeps neither its
 * indentation ({@code lstrip_blocks}) nor its line break ({@code trim_blocks}), comments vanish. What is left needs no control any more.
 */
final class TemplateWhitespace {
  private final String source;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private TemplateWhitespace(String source) {
    this.source = source;
  }

  static String apply(String source) {
    TemplateWhitespace whitespace = new TemplateWhitespace(source);
    whitespace.run();
    return whitespace.out.toString();
  }

  private void run() {
    boolean strip = false;
    boolean dropLineBreak = false;
    while (at < source.length()) {
      int tag = nextTag();
      String text = source.substring(at, tag);
      if (strip) {
        text = text.stripLeading();
      } else if (dropLineBreak) {
        text = text.replaceFirst("^\\r?\\n", "");
      }
      if (tag == source.length()) {
        out.append(text);
        return;
      }
      char kind = source.charAt(tag + 1);
      char control = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
      int end = endOfTag(tag + 2, kind);
      boolean wholeLine = text.isEmpty() ? atLineStart() : true;
      out.append(
          control == '-'
              ? text.stripTrailing()
              : kind != '{' && control != '+' && wholeLine ? withoutIndentation(text) : text);
      char last = source.charAt(end - 3);
      if (kind != '#') {
        int from = tag + 2 + (control == '-' || control == '+' ? 1 : 0);
        int to = end - 2 - (last == '-' || last == '+' ? 1 : 0);
        out.append('{').append(kind).append(source, from, to).append(source, end - 2, end);
      }
      strip = last == '-';
      dropLineBreak = kind != '{' && last != '+';
      at = end;
    }
  }

  private boolean atLineStart() {
    return at == 0 || source.charAt(at - 1) == '\n';
  }

  /** Without the spaces after the last line break; all of them when the text begins its line. */
  private String withoutIndentation(String text) {
    int end = text.length();
    while (end > 0 && (text.charAt(end - 1) == ' ' || text.charAt(end - 1) == '\t')) {
      end--;
    }
    boolean lineStart = end > 0 ? text.charAt(end - 1) == '\n' : atLineStart();
    return lineStart ? text.substring(0, end) : text;
  }

  private int nextTag() {
    for (int i = at; i + 1 < source.length(); i++) {
      if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return source.length();
  }

  /** Behind the tag's closing delimiter, which does not count within a string. */
  private int endOfTag(int from, char kind) {
    String close = kind == '{' ? "}}" : kind + "}";
    char quote = 0;
    for (int i = from; i < source.length(); i++) {
      char c = source.charAt(i);
      if (kind != '#' && quote != 0) {
        if (c == '\\') {
          i++;
        } else if (c == quote) {
          quote = 0;
        }
      } else if (source.startsWith(close, i)) {
        return i + 2;
      } else if (c == '\'' || c == '"') {
        quote = c;
      }
    }
    throw new IllegalArgumentException("a chat template's tag is not closed: "
        + source.substring(from - 2, Math.min(source.length(), from + 40)));
  }
}
