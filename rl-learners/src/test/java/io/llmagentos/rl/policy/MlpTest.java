package io.llmagentos.rl.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.rl.random.Generator;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MlpTest {
  private static final int[][] HIDDEN = {{64, 64}, {5}, {}, {100, 17, 33}};

  private static Mlp mlp(int in, int[] hidden, Activation activation, int... heads) {
    List<Mlp.Head> all = Arrays.stream(heads)
        .mapToObj(width -> new Mlp.Head("head" + width, width, 1))
        .toList();
    return new Mlp(in, hidden, activation, Initializer.FAN_IN, all);
  }

  private static float[] normal(Generator random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.standardNormal();
    }
    return numbers;
  }

  /** What the network should put out, one row, in double. */
  private static double[] reference(
      Mlp mlp, float[] parameters, Activation activation, double[] x) {
    double[] now = x;
    List<Segment> weights =
        mlp.segments().stream().filter(s -> s.name().endsWith("weight")).toList();
    for (int l = 0; l < weights.size(); l++) {
      Segment weight = weights.get(l);
      int out = weight.shape()[0];
      int in = weight.shape()[1];
      double[] next = new double[out];
      for (int j = 0; j < out; j++) {
        double sum = parameters[weight.offset() + out * in + j];
        for (int k = 0; k < in; k++) {
          sum += parameters[weight.offset() + j * in + k] * now[k];
        }
        boolean last = l == weights.size() - 1;
        next[j] = last ? sum : activation == Activation.TANH ? Math.tanh(sum) : Math.max(0, sum);
      }
      now = next;
    }
    return now;
  }

  private static double loss(
      Mlp mlp,
      float[] parameters,
      Activation activation,
      float[] inputs,
      float[] slopes,
      int rows) {
    double sum = 0;
    int in = mlp.inputWidth();
    int out = mlp.outputWidth();
    for (int m = 0; m < rows; m++) {
      double[] x = new double[in];
      for (int k = 0; k < in; k++) {
        x[k] = inputs[m * in + k];
      }
      double[] y = reference(mlp, parameters, activation, x);
      for (int j = 0; j < out; j++) {
        sum += slopes[m * out + j] * y[j];
      }
    }
    return sum;
  }

  @ParameterizedTest
  @EnumSource
  void shouldComputeWhatTheDefinitionSays(Activation activation) {
    Generator random = Generator.of(1);
    for (int[] hidden : HIDDEN) {
      Mlp mlp = mlp(7, hidden, activation, 3);
      float[] parameters = new float[mlp.parameterCount()];
      mlp.initialise(random, parameters, 0);
      mlp.load(parameters, 0);
      int rows = 13;
      float[] inputs = normal(random, rows * 7);
      float[] outputs = new float[rows * 3];
      mlp.infer(inputs, rows, outputs);
      for (int m = 0; m < rows; m++) {
        double[] x = new double[7];
        for (int k = 0; k < 7; k++) {
          x[k] = inputs[m * 7 + k];
        }
        double[] expected = reference(mlp, parameters, activation, x);
        for (int j = 0; j < 3; j++) {
          assertThat((double) outputs[m * 3 + j]).isCloseTo(expected[j], within(2e-6));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldBackpropagateAsFiniteDifferences(Activation activation) {
    Generator random = Generator.of(2);
    Mlp mlp = mlp(5, new int[] {20, 9}, activation, 2);
    float[] parameters = new float[mlp.parameterCount()];
    mlp.initialise(random, parameters, 0);
    mlp.load(parameters, 0);
    int rows = 6;
    float[] inputs = normal(random, rows * 5);
    float[] slopes = normal(random, rows * 2);
    float[] gradients = new float[parameters.length];
    float[] inputGradients = new float[rows * 5];
    mlp.forward(inputs, rows, new float[rows * 2]);
    mlp.backward(slopes, gradients, 0, inputGradients);
    float step = 1e-3f;
    for (int i = 0; i < parameters.length; i++) {
      float[] more = parameters.clone();
      float[] less = parameters.clone();
      more[i] += step;
      less[i] -= step;
      double expected = (loss(mlp, more, activation, inputs, slopes, rows)
              - loss(mlp, less, activation, inputs, slopes, rows))
          / ((double) more[i] - less[i]);
      assertThat((double) gradients[i]).as("parameter %d", i).isCloseTo(expected, within(2e-3));
    }
    for (int i = 0; i < inputs.length; i++) {
      float[] more = inputs.clone();
      float[] less = inputs.clone();
      more[i] += step;
      less[i] -= step;
      double expected = (loss(mlp, parameters, activation, more, slopes, rows)
              - loss(mlp, parameters, activation, less, slopes, rows))
          / ((double) more[i] - less[i]);
      assertThat((double) inputGradients[i]).as("input %d", i).isCloseTo(expected, within(2e-3));
    }
  }

  @Test
  void shouldGiveARowTheSameBitsInAnyBatch() {
    Generator random = Generator.of(3);
    for (int[] hidden : HIDDEN) {
      Mlp mlp = mlp(6, hidden, Activation.TANH, 2, 1);
      float[] parameters = new float[mlp.parameterCount()];
      mlp.initialise(random, parameters, 0);
      mlp.load(parameters, 0);
      int rows = 23;
      float[] inputs = normal(random, rows * 6);
      float[] together = new float[rows * 3];
      float[] learning = new float[rows * 3];
      mlp.infer(inputs, rows, together);
      mlp.forward(inputs, rows, learning);
      assertThat(learning).isEqualTo(together);
      for (int m = 0; m < rows; m++) {
        float[] alone = new float[3];
        mlp.infer(Arrays.copyOfRange(inputs, m * 6, m * 6 + 6), 1, alone);
        assertThat(alone).isEqualTo(Arrays.copyOfRange(together, m * 3, m * 3 + 3));
      }
    }
  }

  @Test
  void shouldNotDependOnWhatItComputedBefore() {
    Generator random = Generator.of(4);
    Mlp used = mlp(6, new int[] {40, 16}, Activation.RELU, 2);
    Mlp fresh = mlp(6, new int[] {40, 16}, Activation.RELU, 2);
    float[] parameters = new float[used.parameterCount()];
    used.initialise(random, parameters, 0);
    used.load(normal(random, parameters.length), 0);
    used.forward(normal(random, 50 * 6), 50, new float[100]);
    used.backward(normal(random, 100), new float[parameters.length], 0, new float[300]);
    float[] inputs = normal(random, 9 * 6);
    float[] slopes = normal(random, 18);
    float[][] gradients = new float[2][parameters.length];
    int i = 0;
    for (Mlp mlp : List.of(used, fresh)) {
      mlp.load(parameters, 0);
      mlp.forward(inputs, 9, new float[18]);
      mlp.backward(slopes, gradients[i++], 0, null);
    }
    assertThat(gradients[0]).isEqualTo(gradients[1]);
  }

  @Test
  void shouldNameParametersAsPyTorch() {
    Mlp one = mlp(4, new int[] {8, 6}, Activation.TANH, 2);
    assertThat(one.segments().stream().map(Segment::name))
        .containsExactly("0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias");
    assertThat(one.segments().get(2).shape()).containsExactly(6, 8);
    assertThat(one.parameterCount()).isEqualTo(4 * 8 + 8 + 8 * 6 + 6 + 6 * 2 + 2);
    Mlp two = mlp(4, new int[] {8}, Activation.TANH, 2, 1);
    assertThat(two.segments().stream().map(Segment::name))
        .containsExactly(
            "0.weight", "0.bias", "head2.weight", "head1.weight", "head2.bias", "head1.bias");
    int end = 0;
    for (Segment segment : two.segments()) {
      assertThat(segment.offset()).isEqualTo(end);
      end += segment.length();
    }
  }

  @Test
  void shouldBeginOrthogonalWithItsGain() {
    for (int[] shape : new int[][] {{64, 4}, {64, 64}, {2, 64}}) {
      int out = shape[0];
      int in = shape[1];
      float[] p = new float[out * in + out];
      Arrays.fill(p, 9);
      Initializer.ORTHOGONAL.fill(Generator.of(5), out, in, 0.5, p, 0, out * in);
      boolean rows = out <= in;
      int count = Math.min(out, in);
      for (int a = 0; a < count; a++) {
        for (int b = 0; b <= a; b++) {
          double dot = 0;
          for (int k = 0; k < Math.max(out, in); k++) {
            dot += rows ? p[a * in + k] * p[b * in + k] : p[k * in + a] * p[k * in + b];
          }
          assertThat(dot).isCloseTo(a == b ? 0.25 : 0, within(1e-6));
        }
      }
      for (int j = 0; j < out; j++) {
        assertThat(p[out * in + j]).isZero();
      }
    }
  }

  @Test
  void shouldStayCloseToTheRealTanh() {
    int count = 1 << 16;
    float[] y = new float[count];
    for (int i = 0; i < count; i++) {
      y[i] = (i - count / 2) * (20f / count);
    }
    float[] x = y.clone();
    ActivationKernels.apply(Activation.TANH, y, count);
    for (int i = 0; i < count; i++) {
      assertThat((double) y[i]).isCloseTo(Math.tanh(x[i]), within(4e-7));
    }
  }
}
