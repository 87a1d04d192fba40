package io.llmagentos.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BytePairTokenizerTest {
  private static final List<String> SPECIALS = List.of("<|pad|>", "<|call|>", "<fn:Wake_up?>");
  private static final List<String> TEXTS = List.of(
      "wake me up at nine am on friday",
      "What's the time in london? it's 7:30pm...",
      "Olly, please don't turn the lights off!",
      "£20 and €15 for the doctor’s appointment",
      "cancel the friday one, i'll sleep until noon",
      "please  wake me   up at 10 am",
      "naïve café, 2016's list (kitchen) #1");

  @TempDir
  private Path directory;

  private static BytePairTokenizer tokenizer() {
    var trainer = new BytePairTrainer();
    TEXTS.forEach(trainer::add);
    return trainer.train(SPECIALS, 256 + SPECIALS.size() + 30);
  }

  @Test
  void shouldGiveTheIdsAndPlacesOfTheHuggingFaceLibrary() throws IOException {
    BytePairTokenizer ours = tokenizer();
    ours.write(directory.resolve("tokenizer.json"));
    var texts = new ArrayList<>(TEXTS);
    texts.addAll(
        List.of("a", " wake", "wake ", "ÄÖÜ straße", "up\tup\n up", "😀 friday", "ŁÓDŹ am"));
    var random = new SplittableRandom(7);
    for (int i = 0; i < 200; i++) {
      var text = new StringBuilder();
      int length = 1 + random.nextInt(20);
      for (int c = 0; c < length; c++) {
        text.append((char) (' ' + random.nextInt(95)));
      }
      texts.add(text.toString());
    }
    try (HuggingFaceTokenizer theirs =
        HuggingFaceTokenizer.newInstance(directory.resolve("tokenizer.json"))) {
      for (String text : texts) {
        BytePairTokenizer.Encoding encoding = ours.encode(text);
        Encoding expected = theirs.encode(text, false, false);
        assertThat(Arrays.stream(encoding.ids()).asLongStream().toArray())
            .as(text)
            .isEqualTo(expected.getIds());
        if (text.chars().allMatch(c -> c < 128)
            && text.chars().noneMatch(Character::isISOControl)) {
          for (int i = 0; i < encoding.ids().length; i++) {
            // The library counts a lone prefixed space as a character of the word.
            if (encoding.last(i)) {
              assertThat(encoding.ends()[i])
                  .as(text)
                  .isEqualTo(expected.getCharTokenSpans()[i].getEnd());
            }
          }
        }
      }
    }
  }

  @Test
  void shouldFindSpecialTokensAndEncodeTheRequestBetweenThemAlike() throws IOException {
    BytePairTokenizer ours = tokenizer();
    ours.write(directory.resolve("tokenizer.json"));
    try (HuggingFaceTokenizer theirs =
        HuggingFaceTokenizer.newInstance(directory.resolve("tokenizer.json"))) {
      long[] ids =
          theirs.encode("<|pad|>wake me up<|call|><fn:Wake_up?>", false, false).getIds();
      int[] request = ours.encode("wake me up").ids();
      assertThat(ids[0]).isEqualTo(ours.special("<|pad|>"));
      assertThat(Arrays.copyOfRange(ids, 1, 1 + request.length))
          .isEqualTo(Arrays.stream(request).asLongStream().toArray());
      assertThat(ids[ids.length - 1]).isEqualTo(ours.special("<fn:Wake_up?>"));
    }
  }

  @Test
  void shouldGiveAWordTheSameTokensAtTheStartAndInside() {
    BytePairTokenizer tokenizer = tokenizer();
    int[] alone = tokenizer.encode("Friday").ids();
    int[] inside = tokenizer.encode("on friday").ids();
    assertThat(Arrays.copyOfRange(inside, inside.length - alone.length, inside.length))
        .isEqualTo(alone);
  }

  @Test
  void shouldRefuseAVocabularyThatTheTextsCannotFill() {
    var trainer = new BytePairTrainer();
    trainer.add("a b");
    assertThatThrownBy(() -> trainer.train(List.of(), 1000))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("744")
        .hasMessageContaining("smaller vocabulary");
  }
}
