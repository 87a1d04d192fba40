package io.llmagentos.model.training.arguments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.GoldenData;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SchedulerTypeGoldenTest {
  private static final double TOLERANCE = 1e-8;

  @ParameterizedTest
  @EnumSource(names = {"CONSTANT_WITH_WARMUP", "LINEAR", "COSINE"})
  void shouldBeThoseOfTransformers(SchedulerType type) {
    JsonNode golden =
        GoldenData.read(GoldenData.directory().resolve("optim.json")).path("lr_factor_schedules");
    JsonNode factors = golden.path("factor_at_step_0_to_21").path(type.toString());
    assertThat(factors).isNotEmpty();
    for (int step = 0; step < factors.size(); step++) {
      double rate = type.learningRate(
          0.5,
          step,
          golden.path("warmup_steps").asInt(),
          golden.path("total_steps").asInt(),
          Map.of());
      assertThat(rate)
          .as("step %d", step)
          .isCloseTo(0.5 * factors.get(step).asDouble(), within(TOLERANCE));
    }
  }

  @Test
  void shouldBeWorkedOutByHandWhereThereIsNoRecording() {
    assertThat(SchedulerType.CONSTANT.learningRate(0.1, 0, 4, 20, Map.of())).isEqualTo(0.1);
    // Two waves over 16 steps: the top at 4 and 12, half way down at 8 and 16, 0 at the end.
    Map<String, Integer> twice = Map.of("num_cycles", 2);
    SchedulerType restarts = SchedulerType.COSINE_WITH_RESTARTS;
    assertThat(restarts.learningRate(1, 2, 4, 20, twice)).isEqualTo(0.5);
    assertThat(restarts.learningRate(1, 4, 4, 20, twice)).isEqualTo(1);
    assertThat(restarts.learningRate(1, 8, 4, 20, twice)).isCloseTo(0.5, within(TOLERANCE));
    assertThat(restarts.learningRate(1, 12, 4, 20, twice)).isEqualTo(1);
    assertThat(restarts.learningRate(1, 20, 4, 20, twice)).isZero();
    // Half way between the top and the end, then the end.
    for (Map<String, Double> end : List.of(Map.of("min_lr", 0.2), Map.of("min_lr_rate", 0.1))) {
      SchedulerType floored = SchedulerType.COSINE_WITH_MIN_LR;
      assertThat(floored.learningRate(2, 2, 4, 20, end)).isEqualTo(1);
      assertThat(floored.learningRate(2, 12, 4, 20, end)).isCloseTo(1.1, within(TOLERANCE));
      assertThat(floored.learningRate(2, 20, 4, 20, end)).isCloseTo(0.2, within(TOLERANCE));
    }
    // (1 - 0.2) * (1/2)^2 + 0.2 half way, 0.2 from the end on.
    Map<String, Object> square = Map.of("power", 2, "lr_end", 0.2);
    SchedulerType polynomial = SchedulerType.POLYNOMIAL;
    assertThat(polynomial.learningRate(1, 12, 4, 20, square)).isCloseTo(0.4, within(TOLERANCE));
    assertThat(polynomial.learningRate(1, 20, 4, 20, square)).isEqualTo(0.2);
    assertThat(polynomial.learningRate(1, 99, 4, 20, square)).isEqualTo(0.2);
  }
}
