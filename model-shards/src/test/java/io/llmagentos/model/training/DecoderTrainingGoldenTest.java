package io.llmagentos.model.training;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** GPT-2, Llama and Qwen2 against Hugging Face transformers. */
class DecoderTrainingGoldenTest {
  static List<TrainingGolden> models() {
    return TrainingGolden.ofTypes("gpt2", "llama", "qwen2");
  }

  static List<TrainingGolden> trained() {
    return TrainingGolden.trained("gpt2", "llama", "qwen2");
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldComputeLogitsAndHiddenStates(TrainingGolden golden) {
    golden.checkForward(EngineSettings.FLOAT32);
  }

  @ParameterizedTest
  @MethodSource("trained")
  void shouldComputeLossAndGradient(TrainingGolden golden) {
    golden.checkGradient(EngineSettings.FLOAT32);
  }

  @ParameterizedTest
  @MethodSource("trained")
  void shouldFollowAdamW(TrainingGolden golden) {
    golden.checkAdamW(EngineSettings.FLOAT32);
  }
}
