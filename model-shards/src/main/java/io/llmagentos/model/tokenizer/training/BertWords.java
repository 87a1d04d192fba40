package io.llmagentos.model.tokenizer.training;

import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The words that BERT (uncased) cuts a text into: lower case, no accents, Chinese characters and punctuation by themselves. */
final class BertWords {
  private static final Pattern CONTROL = Pattern.compile("[\\p{C}\uFFFD&&[^\t\n\r]]");
  private static final Pattern CHINESE = Pattern.compile("[\\x{4E00}-\\x{9FFF}\\x{3400}-\\x{4DBF}"
      + "\\x{20000}-\\x{2A6DF}\\x{2A700}-\\x{2B73F}\\x{2B740}-\\x{2B81F}\\x{2B920}-\\x{2CEAF}"
      + "\\x{F900}-\\x{FAFF}\\x{2F800}-\\x{2FA1F}]");
  private static final Pattern MARKS = Pattern.compile("\\p{Mn}+");
  private static final Pattern PUNCTUATION = Pattern.compile("[\\p{P}$+<=>^`|~]");
  private static final Pattern SPACE = Pattern.compile("\\p{IsWhite_Space}+");

  private BertWords() {}

  static List<String> of(String text) {
    String clean = CHINESE.matcher(CONTROL.matcher(text).replaceAll("")).replaceAll(" $0 ");
    String plain =
        MARKS.matcher(Normalizer.normalize(clean, Normalizer.Form.NFD)).replaceAll("");
    String spaced = PUNCTUATION.matcher(plain.toLowerCase(Locale.ROOT)).replaceAll(" $0 ");
    return Stream.of(SPACE.split(spaced)).filter(word -> !word.isEmpty()).toList();
  }
}
