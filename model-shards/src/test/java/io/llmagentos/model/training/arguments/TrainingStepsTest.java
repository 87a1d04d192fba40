package io.llmagentos.model.training.arguments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingStepsTest {
  private static TrainingSteps steps(long examples, Map<String, ?> more) {
    return TrainingSteps.of(ArgumentsTest.finetune(more), examples);
  }

  /** The formulas of {@code Trainer.set_initial_training_values}, by hand. */
  @ParameterizedTest
  @CsvSource({
    // examples, batch, ranks, accumulation, epochs, max_steps -> a epoch's batches, steps; steps in
    // all, epochs
    "100, 8, 1, 1, 3, -1,     13, 13, 39, 3",
    "100, 8, 2, 1, 3, -1,     7, 7, 21, 3",
    "100, 8, 1, 4, 3, -1,     13, 4, 12, 3", // 4 + 4 + 4 + 1 batches
    "100, 8, 1, 4, 2.5, -1,   13, 4, 10, 3",
    "100, 8, 1, 4, 0.1, -1,   13, 4, 1, 1",
    "100, 8, 1, 4, 3, 9,      13, 4, 9, 3",
    "3, 8, 1, 4, 3, -1,       1, 1, 3, 3", // fewer than a batch
    "96, 8, 3, 2, 1, -1,      4, 2, 2, 1",
  })
  void shouldCountAsTheTrainerDoes(
      long examples,
      int batch,
      int ranks,
      int accumulation,
      double epochs,
      int maxSteps,
      long batches,
      long stepsPerEpoch,
      long allSteps,
      long allEpochs) {
    TrainingSteps steps = steps(
        examples,
        Map.of(
            "per_device_train_batch_size", batch,
            "num_processes", ranks,
            "gradient_accumulation_steps", accumulation,
            "num_train_epochs", epochs,
            "max_steps", maxSteps));
    assertThat(List.of(
            steps.batchesPerEpoch(), steps.stepsPerEpoch(), steps.maxSteps(), steps.epochs()))
        .containsExactly(batches, stepsPerEpoch, allSteps, allEpochs);
  }

  @Test
  void shouldWarmUpBySteps() {
    assertThat(steps(100, Map.of("warmup_ratio", 0.1)).warmupSteps()).isEqualTo(4); // of 39
    assertThat(steps(100, Map.of("warmup_ratio", 0.1, "warmup_steps", 7)).warmupSteps())
        .isEqualTo(7);
    TrainingSteps steps = steps(100, Map.of("warmup_steps", 4, "learning_rate", 0.5));
    assertThat(steps.learningRate(1)).isZero();
    assertThat(steps.learningRate(3)).isEqualTo(0.25);
    assertThat(steps.learningRate(5)).isEqualTo(0.5);
    assertThat(steps.learningRate(39)).isCloseTo(0.5 / 35, within(1e-15));
  }

  @Test
  void shouldSayWhenItLogsEvaluatesAndSaves() {
    Map<String, Object> byStep =
        Map.of("logging_steps", 5, "eval_strategy", "steps", "save_steps", 10);
    TrainingSteps steps = steps(100, byStep); // 39 updates, 13 an epoch
    assertThat(at(steps, steps::logs)).containsExactly(5L, 10L, 15L, 20L, 25L, 30L, 35L, 39L);
    assertThat(at(steps, steps::evaluates)).containsExactly(5L, 10L, 15L, 20L, 25L, 30L, 35L);
    assertThat(at(steps, steps::saves)).containsExactly(10L, 20L, 30L, 39L);

    TrainingSteps byEpoch = steps(
        100, Map.of("eval_strategy", "epoch", "save_strategy", "epoch", "num_train_epochs", 2.5));
    assertThat(at(byEpoch, byEpoch::evaluates)).containsExactly(13L, 26L, 33L);
    assertThat(at(byEpoch, byEpoch::saves)).containsExactly(13L, 26L, 33L);

    TrainingSteps never = steps(100, Map.of("save_strategy", "no", "do_eval", true));
    assertThat(at(never, never::saves)).isEmpty();
    assertThat(at(never, never::evaluates)).containsExactly(39L);
  }

  private static List<Long> at(TrainingSteps steps, LongPredicate happens) {
    return LongStream.rangeClosed(1, steps.maxSteps()).filter(happens).boxed().toList();
  }
}
