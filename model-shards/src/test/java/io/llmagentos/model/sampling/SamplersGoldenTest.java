package io.llmagentos.model.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.GoldenData;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The filtered distributions of transformers' logits processors. */
class SamplersGoldenTest {
  private static final JsonNode GOLDEN =
      GoldenData.read(GoldenData.directory().resolve("samplers.json"));

  static Stream<JsonNode> cases() {
    return IntStream.range(0, GOLDEN.get("cases").size()).mapToObj(GOLDEN.get("cases")::get);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldKeepTheSameTokensWithTheSameProbabilities(JsonNode golden) {
    JsonNode vector = GOLDEN.get("logits").get(golden.get("logits").asInt());
    JsonNode previous = GOLDEN.get("previous_tokens").get(golden.get("logits").asInt());
    float[] logits = new float[vector.size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) vector.get(i).asDouble();
    }
    int[] tokens =
        IntStream.range(0, previous.size()).map(i -> previous.get(i).asInt()).toArray();

    filter(golden.get("settings")).apply(logits, tokens, tokens.length);

    int[] kept = IntStream.range(0, logits.length)
        .filter(i -> logits[i] > Float.NEGATIVE_INFINITY)
        .toArray();
    assertThat(kept)
        .isEqualTo(IntStream.range(0, golden.get("kept").size())
            .map(i -> golden.get("kept").get(i).asInt())
            .toArray());
    double[] probabilities = Softmax.of(logits);
    for (int i = 0; i < kept.length; i++) {
      assertThat(probabilities[kept[i]])
          .isCloseTo(golden.get("probs_of_kept").get(i).asDouble(), within(1e-5));
    }
  }

  private static LogitsFilter filter(JsonNode settings) {
    return new LogitsFilter(
        (float) settings.path("repetition_penalty").asDouble(1),
        settings.path("no_repeat_ngram_size").asInt(0),
        (float) settings.path("temperature").asDouble(1),
        settings.path("top_k").asInt(0),
        (float) settings.path("top_p").asDouble(1),
        (float) settings.path("min_p").asDouble(0),
        settings.path("min_tokens_to_keep").asInt(1));
  }
}
