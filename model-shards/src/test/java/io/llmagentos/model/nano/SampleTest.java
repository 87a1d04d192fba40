package io.llmagentos.model.nano;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.model.training.BytePairTokenizer;
import io.llmagentos.model.training.BytePairTrainer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SampleTest {
  private final BytePairTokenizer tokenizer = tokenizer();

  private static BytePairTokenizer tokenizer() {
    var trainer = new BytePairTrainer();
    ExampleFiles.ownSentences().forEach(e -> trainer.add(e.text()));
    List<String> specials = List.of(
        "<|end|>",
        "<|call|>",
        "<|none|>",
        "<|assistant|>",
        "<fn:alarm_set>",
        "<arg:date>",
        "<arg:time>");
    return trainer.train(specials, 256 + specials.size() + 150);
  }

  private int[] sequence(String line) {
    Sample sample = Sample.of(tokenizer, FunctionSet.ASSISTANT, ExampleFiles.marked(line), false)
        .orElseThrow();
    return sample.sequence(tokenizer.special("<|call|>"), tokenizer.special("<|end|>"));
  }

  private String words(int[] ids) {
    var text = new StringBuilder();
    Arrays.stream(ids).mapToObj(tokenizer::token).forEach(text::append);
    return text.toString().replace('Ġ', ' ');
  }

  @Test
  void shouldBuildTagRequestCallFunctionSlotsEnd() {
    int[] sequence = sequence("alarm_set\tWake me at [time: nine am] on [date: friday].");
    assertThat(words(sequence))
        .isEqualTo("<|assistant|> wake me at nine am on friday.<|call|><fn:alarm_set>"
            + "<arg:time> nine am<arg:date> friday<|end|>");
  }

  @Test
  void shouldSayNoneForWhatIsOutOfScope() {
    assertThat(words(sequence("oos\tblah"))).isEqualTo("<|assistant|> blah<|call|><|none|><|end|>");
  }

  @Test
  void shouldTakeValuesAsTokensOfTheRequest() {
    for (Example example : ExampleFiles.ownSentences()) {
      BytePairTokenizer.Encoding encoding = tokenizer.encode(example.text());
      for (Example.Slot slot : example.slots()) {
        int[] alone = tokenizer.encode(example.value(slot)).ids();
        int from = 0;
        while (encoding.starts()[from] != slot.start()) {
          from++;
        }
        assertThat(Arrays.copyOfRange(encoding.ids(), from, from + alone.length))
            .as(example.text())
            .isEqualTo(alone);
      }
    }
  }

  @Test
  void shouldLeaveOutValuesInsideWords() {
    var example = new Example("nineish", "alarm_set", List.of(new Example.Slot("time", 0, 4)));
    assertThat(Sample.of(tokenizer, FunctionSet.ASSISTANT, example, false)).isEmpty();
  }

  @Test
  void shouldStopAfterTheFunctionWhenNothingIsKnownOfTheSlots() {
    Sample sample = Sample.of(
            tokenizer, FunctionSet.ASSISTANT, new Example("wake me", "alarm_set", List.of()), true)
        .orElseThrow();
    assertThat(words(sample.sequence(tokenizer.special("<|call|>"), tokenizer.special("<|end|>"))))
        .isEqualTo("<|assistant|> wake me<|call|><fn:alarm_set>");
  }
}
