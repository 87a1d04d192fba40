package io.llmagentos.rl.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.rl.random.Generator;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Against the equations of a long short-term memory, written out in double precision. */
class TorchNetworkMemoryTest {
  private static final int IN = 3;
  private static final int HIDDEN = 5;
  private static final int CELLS = 4;
  private static final int OUT = 3;
  private static final int STATE = 2 * CELLS;
  private static final int LENGTH = 6;
  private static final List<Mlp.Head> HEADS =
      List.of(new Mlp.Head("pi", 2, 0.5), new Mlp.Head("vf", 1, 1));

  private final Generator random = Generator.of(1);
  private final float[] parameters = new float[network(Activation.TANH).parameterCount()];

  TorchNetworkMemoryTest() {
    // Larger than a network begins with, so that gates close and open.
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = (float) (0.7 * random.standardNormal());
    }
  }

  private static TorchNetwork network(Activation activation) {
    return new TorchNetwork(
        IN, ConvEncoder.NONE, new int[] {HIDDEN}, activation, CELLS, Initializer.ORTHOGONAL, HEADS);
  }

  private TorchNetwork loaded(Activation activation) {
    TorchNetwork network = network(activation);
    network.load(parameters, 0);
    return network;
  }

  private float[] normal(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.standardNormal();
    }
    return numbers;
  }

  /** Three sequences: one whole, one with an episode that begins in it, one in which episodes follow at once and at its beginning. */
  private Sequences sequences() {
    boolean[] starts = new boolean[3 * LENGTH];
    starts[LENGTH + 3] = true;
    starts[2 * LENGTH] = true;
    starts[2 * LENGTH + 1] = true;
    starts[2 * LENGTH + 5] = true;
    return new Sequences(LENGTH, normal(3 * STATE), starts);
  }

  @ParameterizedTest
  @EnumSource
  void shouldRememberAsTheEquationsSay(Activation activation) {
    TorchNetwork network = loaded(activation);
    Sequences sequences = sequences();
    int rows = sequences.starts().length;
    float[] inputs = normal(rows * IN);
    float[] outputs = new float[rows * OUT];
    network.forward(inputs, sequences, rows, outputs);
    double[] expected = reference(activation, doubles(parameters), doubles(inputs), sequences);
    for (int i = 0; i < outputs.length; i++) {
      assertThat((double) outputs[i]).as("number %d", i).isCloseTo(expected[i], within(1e-5));
    }
  }

  /** The differences are the reference's, whose double precision leaves them exact to 1e-8. */
  @ParameterizedTest
  @EnumSource
  void shouldBackpropagateThroughTimeAsTheEquationsSay(Activation activation) {
    TorchNetwork network = loaded(activation);
    Sequences sequences = sequences();
    int rows = sequences.starts().length;
    float[] inputs = normal(rows * IN);
    float[] slopes = normal(rows * OUT);
    int at = 2;
    float[] gradients = new float[at + parameters.length];
    float[] inputGradients = new float[inputs.length];
    network.forward(inputs, sequences, rows, new float[rows * OUT]);
    network.backward(slopes, gradients, at, inputGradients);
    double[] p = doubles(parameters);
    double[] x = doubles(inputs);
    for (int i = 0; i < p.length; i++) {
      double expected = slope(p, i, () -> loss(activation, p, x, sequences, slopes));
      assertGradient("parameter " + i, gradients[at + i], expected);
    }
    for (int i = 0; i < x.length; i++) {
      double expected = slope(x, i, () -> loss(activation, p, x, sequences, slopes));
      assertGradient("input " + i, inputGradients[i], expected);
    }
    assertThat(gradients[0]).isZero();
  }

  private static void assertGradient(String what, float found, double expected) {
    double limit = 1e-5 * Math.max(1, Math.abs(expected));
    assertThat((double) found).as(what).isCloseTo(expected, within(limit));
  }

  private static double slope(double[] varied, int i, java.util.function.DoubleSupplier loss) {
    double middle = varied[i];
    varied[i] = middle + 1e-5;
    double more = loss.getAsDouble();
    varied[i] = middle - 1e-5;
    double less = loss.getAsDouble();
    varied[i] = middle;
    return (more - less) / 2e-5;
  }

  private static double loss(
      Activation activation, double[] p, double[] x, Sequences sequences, float[] slopes) {
    double[] y = reference(activation, p, x, sequences);
    double sum = 0;
    for (int i = 0; i < y.length; i++) {
      sum += slopes[i] * y[i];
    }
    return sum;
  }

  /** All outputs, in double precision. */
  private static double[] reference(
      Activation activation, double[] p, double[] x, Sequences sequences) {
    int length = sequences.length();
    double[] y = new double[x.length / IN * OUT];
    for (int n = 0; n < x.length / IN / length; n++) {
      double[] h = doubles(sequences.states(), n * STATE, CELLS);
      double[] c = doubles(sequences.states(), n * STATE + CELLS, CELLS);
      for (int t = 0; t < length; t++) {
        int row = n * length + t;
        if (sequences.starts()[row]) {
          h = new double[CELLS];
          c = new double[CELLS];
        }
        double[] seen = linear(p, 0, Arrays.copyOfRange(x, row * IN, row * IN + IN), HIDDEN);
        for (int j = 0; j < HIDDEN; j++) {
          seen[j] = activation == Activation.TANH ? Math.tanh(seen[j]) : Math.max(0, seen[j]);
        }
        int ih = HIDDEN * IN + HIDDEN;
        int hh = ih + 4 * CELLS * HIDDEN;
        int bias = hh + 4 * CELLS * CELLS;
        double[] gates = new double[4 * CELLS];
        for (int j = 0; j < gates.length; j++) {
          gates[j] = p[bias + j] + p[bias + 4 * CELLS + j];
          for (int k = 0; k < HIDDEN; k++) {
            gates[j] += p[ih + j * HIDDEN + k] * seen[k];
          }
          for (int k = 0; k < CELLS; k++) {
            gates[j] += p[hh + j * CELLS + k] * h[k];
          }
        }
        double[] next = new double[CELLS];
        for (int j = 0; j < CELLS; j++) {
          double input = sigmoid(gates[j]);
          double forget = sigmoid(gates[CELLS + j]);
          double candidate = Math.tanh(gates[2 * CELLS + j]);
          double output = sigmoid(gates[3 * CELLS + j]);
          c[j] = forget * c[j] + input * candidate;
          next[j] = output * Math.tanh(c[j]);
        }
        h = next;
        System.arraycopy(linear(p, bias + 8 * CELLS, h, OUT), 0, y, row * OUT, OUT);
      }
    }
    return y;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double[] linear(double[] p, int at, double[] x, int out) {
    double[] y = new double[out];
    for (int j = 0; j < out; j++) {
      y[j] = p[at + out * x.length + j];
      for (int k = 0; k < x.length; k++) {
        y[j] += p[at + j * x.length + k] * x[k];
      }
    }
    return y;
  }

  private static double[] doubles(float[] numbers) {
    return doubles(numbers, 0, numbers.length);
  }

  private static double[] doubles(float[] numbers, int at, int count) {
    double[] all = new double[count];
    Arrays.setAll(all, i -> numbers[at + i]);
    return all;
  }

  @Test
  void shouldTakeAnEpisodesEndInASequenceForTwoSequences() {
    TorchNetwork network = loaded(Activation.TANH);
    int cut = 2;
    float[] inputs = normal(2 * cut * IN);
    float[] slopes = normal(2 * cut * OUT);
    float[] state = normal(STATE);
    float[][] outputs = new float[2][2 * cut * OUT];
    float[][] gradients = new float[2][parameters.length];
    float[][] inputGradients = new float[2][inputs.length];
    boolean[] starts = new boolean[2 * cut];
    starts[cut] = true;
    List<Sequences> ways = List.of(
        new Sequences(2 * cut, state, starts),
        new Sequences(cut, Arrays.copyOf(state, 2 * STATE), new boolean[2 * cut]));
    for (int way = 0; way < 2; way++) {
      network.forward(inputs, ways.get(way), 2 * cut, outputs[way]);
      network.backward(slopes, gradients[way], 0, inputGradients[way]);
    }
    assertThat(outputs[0]).containsExactly(outputs[1], within(1e-6f));
    assertThat(gradients[0]).containsExactly(gradients[1], within(1e-5f));
    assertThat(inputGradients[0]).containsExactly(inputGradients[1], within(1e-6f));

    float[] later = inputs.clone();
    for (int i = 0; i < cut * IN; i++) {
      later[i] += 1;
    }
    float[] after = new float[2 * cut * OUT];
    network.forward(later, ways.get(0), 2 * cut, after);
    assertThat(Arrays.copyOfRange(after, cut * OUT, after.length))
        .as("nothing of the episode before")
        .isEqualTo(Arrays.copyOfRange(outputs[0], cut * OUT, after.length));
  }

  @Test
  void shouldGoTheSameWayStepByStep() {
    TorchNetwork network = loaded(Activation.TANH);
    Sequences sequences = sequences();
    int count = 3;
    float[] inputs = normal(count * LENGTH * IN);
    float[] expected = new float[count * LENGTH * OUT];
    network.forward(inputs, sequences, count * LENGTH, expected);
    float[] states = sequences.states().clone();
    for (int t = 0; t < LENGTH; t++) {
      float[] now = new float[count * IN];
      for (int n = 0; n < count; n++) {
        int row = n * LENGTH + t;
        System.arraycopy(inputs, row * IN, now, n * IN, IN);
        if (sequences.starts()[row]) {
          Arrays.fill(states, n * STATE, (n + 1) * STATE, 0);
        }
      }
      float[] outputs = new float[count * OUT];
      network.infer(now, states, count, outputs);
      for (int n = 0; n < count; n++) {
        int row = n * LENGTH + t;
        assertThat(Arrays.copyOfRange(outputs, n * OUT, (n + 1) * OUT))
            .containsExactly(
                Arrays.copyOfRange(expected, row * OUT, (row + 1) * OUT), within(1e-6f));
      }
    }
  }

  @Test
  void shouldGiveARowTheSameBitsInAnyBatch() {
    TorchNetwork network = loaded(Activation.TANH);
    int rows = 37;
    float[] inputs = normal(rows * IN);
    float[] before = normal(rows * STATE);
    float[] states = before.clone();
    float[] together = new float[rows * OUT];
    network.infer(inputs, states, rows, together);
    for (int m = 0; m < rows; m++) {
      float[] state = Arrays.copyOfRange(before, m * STATE, (m + 1) * STATE);
      float[] alone = new float[OUT];
      network.infer(Arrays.copyOfRange(inputs, m * IN, (m + 1) * IN), state, 1, alone);
      assertThat(alone).isEqualTo(Arrays.copyOfRange(together, m * OUT, (m + 1) * OUT));
      assertThat(state).isEqualTo(Arrays.copyOfRange(states, m * STATE, (m + 1) * STATE));
    }
  }

  @Test
  void shouldBeginWithNothingRemembered() {
    TorchNetwork network = loaded(Activation.RELU);
    float[] inputs = normal(4 * IN);
    float[] expected = new float[4 * OUT];
    network.infer(inputs, new float[4 * STATE], 4, expected);
    float[] outputs = new float[4 * OUT];
    network.infer(inputs, 4, outputs);
    assertThat(outputs).isEqualTo(expected);
    network.forward(inputs, 4, outputs);
    assertThat(outputs).containsExactly(expected, within(1e-6f));
  }

  @Test
  void shouldRememberWhatConvolutionsSee() {
    ConvEncoder picture =
        new ConvEncoder(4, 4, 1, List.of(new Convolution(2, 3, 3, 2)), Activation.RELU);
    TorchNetwork network = new TorchNetwork(
        16, picture, new int[0], Activation.TANH, CELLS, Initializer.ORTHOGONAL, HEADS);
    float[] own = new float[network.parameterCount()];
    network.initialise(random, own, 0);
    network.load(own, 0);
    assertThat(network.segments().stream().map(Segment::name))
        .containsExactly(
            "0.weight",
            "0.bias",
            "lstm.weight_ih_l0",
            "lstm.weight_hh_l0",
            "lstm.bias_ih_l0",
            "lstm.bias_hh_l0",
            "pi.weight",
            "vf.weight",
            "pi.bias",
            "vf.bias");
    int end = 0;
    for (Segment segment : network.segments()) {
      assertThat(segment.offset()).isEqualTo(end);
      end += segment.length();
    }
    float[] inputs = normal(LENGTH * 16);
    float[] expected = new float[LENGTH * OUT];
    Sequences sequence = new Sequences(LENGTH, new float[STATE], new boolean[LENGTH]);
    network.forward(inputs, sequence, LENGTH, expected);
    float[] state = new float[STATE];
    for (int t = 0; t < LENGTH; t++) {
      float[] outputs = new float[OUT];
      network.infer(Arrays.copyOfRange(inputs, t * 16, (t + 1) * 16), state, 1, outputs);
      assertThat(outputs)
          .containsExactly(Arrays.copyOfRange(expected, t * OUT, (t + 1) * OUT), within(1e-6f));
    }
    float[] gradients = new float[own.length];
    network.backward(normal(LENGTH * OUT), gradients, 0, null);
    for (Segment segment : network.segments()) {
      int from = segment.offset();
      assertThat(Arrays.copyOfRange(gradients, from, from + segment.length()))
          .as(segment.name())
          .isNotEqualTo(new float[segment.length()]);
    }
  }
}
