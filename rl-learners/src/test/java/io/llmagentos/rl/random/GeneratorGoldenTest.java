package io.llmagentos.rl.random;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.rl.GoldenData;
import io.llmagentos.rl.GoldenData.Recording;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GeneratorGoldenTest {
  static List<Recording> recordings() {
    return GoldenData.recordings(recording -> recording.format().equals("rl-golden-rng-1"));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("recordings")
  void shouldDrawWhatNumpyDraws(Recording recording) {
    for (JsonNode recorded : recording.json().path("cases")) {
      Generator random =
          Generator.of(Long.parseUnsignedLong(recorded.path("seed").asText()));
      for (Iterator<Map.Entry<String, JsonNode>> keys = recorded.properties().iterator();
          keys.hasNext(); ) {
        Map.Entry<String, JsonNode> key = keys.next();
        compare(random, key.getKey(), key.getValue());
      }
    }
  }

  private static void compare(Generator random, String key, JsonNode values) {
    switch (key) {
      case "seed" -> {}
      case "pcg64_state" -> assertThat(random.state()).isEqualTo(new BigInteger(values.asText()));
      case "pcg64_inc" -> assertThat(random.increment()).isEqualTo(new BigInteger(values.asText()));
      case "random" -> values.forEach(v -> assertThat(random.random()).isEqualTo(v.asDouble()));
      case "uniform_m05_05" ->
        values.forEach(v -> assertThat(random.uniform(-0.05, 0.05)).isEqualTo(v.asDouble()));
      case "integers_0_10" ->
        values.forEach(v -> assertThat(random.integers(10)).isEqualTo(v.asLong()));
      case "standard_normal" ->
        values.forEach(v -> assertThat(random.standardNormal()).isEqualTo(v.asDouble()));
      default -> throw new AssertionError("a draw that this test does not know: " + key);
    }
  }
}
