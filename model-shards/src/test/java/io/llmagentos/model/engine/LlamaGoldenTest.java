package io.llmagentos.model.engine;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LlamaGoldenTest {
  static List<Golden> models() {
    return Golden.ofTypes("llama", "qwen2");
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldComputeTheLogitsOfTransformers(Golden golden) {
    golden.checkForward();
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldContinueLikeTransformers(Golden golden) {
    golden.checkGreedy();
  }
}
