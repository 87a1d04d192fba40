package io.llmagentos.model.training;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class T5TrainingGoldenTest {
  static List<TrainingGolden> models() {
    return TrainingGolden.ofTypes("t5");
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldComputeLogitsAndHiddenStates(TrainingGolden golden) {
    golden.checkForward(EngineSettings.FLOAT32);
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldComputeLossAndGradient(TrainingGolden golden) {
    golden.checkGradient(EngineSettings.FLOAT32);
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldFollowAdamW(TrainingGolden golden) {
    golden.checkAdamW(EngineSettings.FLOAT32);
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldPutDistancesIntoBuckets(TrainingGolden golden) {
    golden.checkBuckets();
  }
}
