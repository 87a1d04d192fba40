package io.llmagentos.model.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.model.GoldenData;
import io.llmagentos.model.tokenizer.Tokenizer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RequestWordsTest {
  private static List<String> words(String text) {
    try (Tokenizer tokenizer =
        Tokenizer.load(GoldenData.resources().resolve("tokenizers/gpt2-bpe"))) {
      RequestWords words = RequestWords.of(text, tokenizer);
      int[] tokens = words.words().stream()
          .flatMapToInt(word -> IntStream.of(word.tokens()))
          .toArray();
      assertThat(tokens).isEqualTo(tokenizer.encodePlain(text).ids());
      return IntStream.range(0, words.words().size())
          .mapToObj(i -> words.text(i, i))
          .toList();
    }
  }

  @Test
  void shouldCutAtSpacesAndAtPunctuationAroundWords() {
    assertThat(words("ship (order #4471) to O'Neil's, now!"))
        .containsExactly(
            "ship", "(", "order", "#", "4471", ")", "to", "O'Neil", "'s", ",", "now", "!");
    assertThat(words("K8S-MASTER-1 at 7:30pm")).containsExactly("K8S-MASTER-1", "at", "7:30pm");
    assertThat(words("na\u00EFve \uD83D\uDE00 caf\u00E9"))
        .containsExactly("na\u00EFve", "\uD83D\uDE00", "caf\u00E9");
    assertThat(words("")).isEmpty();
  }
}
