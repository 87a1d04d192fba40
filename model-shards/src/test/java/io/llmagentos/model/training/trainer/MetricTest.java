package io.llmagentos.model.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.Evaluated;
import io.llmagentos.model.training.Loss;
import io.llmagentos.model.weights.Activation;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.Dropout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MetricTest {
  private static final BertConfig FOUR_LABELS = new BertConfig(
      9,
      8,
      1,
      1,
      8,
      8,
      2,
      1e-12f,
      Activation.GELU,
      true,
      new Dropout(0, 0, 0, 0),
      0.02,
      0,
      List.of("a", "b", "c", "d"));

  @Test
  void shouldCountCallsByRows() {
    int no = Batch.IGNORED;
    Batch batch = Batch.of(new int[3][5])
        .withLabels(new int[][] {{9, no, 1, 2, 3}, {no, no, 4, 5, no}, {no, no, no, no, no}});
    double[] functions = new double[2];
    double[] calls = new double[2];
    for (int[] predictions : new int[][] {{1, 2, 3, 4, 5}, {1, 2, 0, 4, 5}, {0, 2, 3, 4, 0}}) {
      Evaluated evaluated = new Evaluated(Loss.NONE, predictions, new int[] {1, 2, 3, 4, 5});
      Metric.FUNCTION_ACCURACY.count(batch, evaluated, functions);
      Metric.EXACT_CALL.count(batch, evaluated, calls);
    }
    assertThat(functions).containsExactly(5, 6);
    assertThat(calls).containsExactly(3, 6);
    assertThat(Metric.EXACT_CALL.value(0, calls)).isEqualTo(0.5);
    assertThat(Metric.FUNCTION_ACCURACY).hasToString("eval_function_accuracy");
  }

  private static double value(Metric metric, int[][] labels, int[][] predictions) {
    double[] sums = new double[metric.width(FOUR_LABELS)];
    for (int batch = 0; batch < labels.length; batch++) {
      metric.count(
          Batch.of(new int[0][]),
          new Evaluated(Loss.NONE, predictions[batch], labels[batch]),
          sums);
    }
    double value = metric.value(2, sums);
    double[] mean = Arrays.stream(sums).map(sum -> sum / 3).toArray();
    assertThat(metric.value(2, mean)).as("of the mean of ranks").isCloseTo(value, within(1e-12));
    return value;
  }

  /** The example of scikit-learn's f1_score; label d is nowhere, and does not count. */
  @Test
  void shouldAverageF1OverLabelsAsScikitLearnDoes() {
    int[][] labels = {{0, 1, 2, 0}, {1, 2}};
    int[][] predictions = {{0, 2, 1, 0}, {0, 1}};
    assertThat(value(Metric.F1, labels, predictions)).isCloseTo(0.8 / 3, within(1e-12));
    assertThat(value(Metric.ACCURACY, labels, predictions)).isCloseTo(2.0 / 6, within(1e-12));
    assertThat(value(Metric.F1, labels, labels)).isEqualTo(1);
  }

  @Test
  void shouldCountALabelThatIsOnlyPredicted() {
    assertThat(value(Metric.F1, new int[][] {{0, 0, 1}}, new int[][] {{0, 3, 1}}))
        .isCloseTo((2 * 1 / 3.0 + 1 + 0) / 3, within(1e-12));
  }

  @Test
  void shouldMakeThePerplexityOfTheLoss() {
    assertThat(value(Metric.PERPLEXITY, new int[0][], new int[0][])).isEqualTo(Math.exp(2));
    assertThat(Metric.F1).hasToString("eval_f1");
  }
}
