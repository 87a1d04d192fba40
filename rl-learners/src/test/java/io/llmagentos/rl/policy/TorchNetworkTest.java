package io.llmagentos.rl.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmagentos.rl.random.Generator;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TorchNetworkTest {
  private static final ConvEncoder PICTURE = new ConvEncoder(
      5, 6, 2, List.of(new Convolution(4, 3, 2, 2), new Convolution(3, 2, 2, 1)), Activation.RELU);

  private static float[] normal(Generator random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.standardNormal();
    }
    return numbers;
  }

  private static TorchNetwork cnn(Activation activation) {
    ConvEncoder encoder = new ConvEncoder(5, 6, 2, PICTURE.filters(), activation);
    return new TorchNetwork(
        60 + 3,
        encoder,
        new int[] {8},
        activation,
        0,
        Initializer.FAN_IN,
        List.of(new Mlp.Head("q", 2, 1)));
  }

  @ParameterizedTest
  @EnumSource
  void shouldAgreeWithTheVectorEngine(Activation activation) {
    Generator random = Generator.of(1);
    for (int round = 0; round < 12; round++) {
      int in = 1 + (int) random.integers(40);
      int[] hidden = new int[(int) random.integers(4)];
      for (int l = 0; l < hidden.length; l++) {
        hidden[l] = 1 + (int) random.integers(70);
      }
      List<Mlp.Head> heads =
          List.of(new Mlp.Head("pi", 1 + (int) random.integers(5), 0.5), new Mlp.Head("vf", 1, 1));
      Mlp vector = new Mlp(in, hidden, activation, Initializer.ORTHOGONAL, heads);
      TorchNetwork torch = new TorchNetwork(
          in, ConvEncoder.NONE, hidden, activation, 0, Initializer.ORTHOGONAL, heads);
      assertThat(torch.segments()).usingRecursiveComparison().isEqualTo(vector.segments());
      int at = 3;
      float[] parameters = new float[at + vector.parameterCount()];
      torch.initialise(Generator.of(round), parameters, at);
      float[] same = new float[parameters.length];
      vector.initialise(Generator.of(round), same, at);
      assertThat(parameters).isEqualTo(same);

      int rows = 1 + (int) random.integers(70);
      int out = vector.outputWidth();
      float[] inputs = normal(random, rows * in);
      float[] slopes = normal(random, rows * out);
      float[][] outputs = new float[2][rows * out];
      float[][] gradients = new float[2][parameters.length];
      float[][] inputGradients = new float[2][rows * in];
      int i = 0;
      for (Network network : List.of(vector, torch)) {
        network.load(parameters, at);
        network.forward(inputs, rows, outputs[i]);
        network.backward(slopes, gradients[i], at, inputGradients[i]);
        i++;
      }
      assertClose(outputs[1], outputs[0]);
      assertClose(gradients[1], gradients[0]);
      assertClose(inputGradients[1], inputGradients[0]);
    }
  }

  /** To 1e-5, of the number itself where it is above 1. */
  private static void assertClose(float[] found, float[] expected) {
    for (int i = 0; i < expected.length; i++) {
      double limit = 1e-5 * Math.max(1, Math.abs(expected[i]));
      assertThat((double) found[i]).isCloseTo(expected[i], within(limit));
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldConvolveAsTheDefinitionSays(Activation activation) {
    Generator random = Generator.of(2);
    TorchNetwork network = cnn(activation);
    float[] parameters = new float[network.parameterCount()];
    network.initialise(random, parameters, 0);
    network.load(parameters, 0);
    int rows = 37;
    float[] inputs = normal(random, rows * 63);
    float[] outputs = new float[rows * 2];
    network.infer(inputs, rows, outputs);
    for (int m = 0; m < rows; m++) {
      double[] expected =
          reference(activation, parameters, Arrays.copyOfRange(inputs, m * 63, m * 63 + 63));
      assertThat((double) outputs[m * 2]).isCloseTo(expected[0], within(1e-5));
      assertThat((double) outputs[m * 2 + 1]).isCloseTo(expected[1], within(1e-5));
    }
  }

  @Test
  void shouldBackpropagateThroughConvolutionsAsFiniteDifferences() {
    Generator random = Generator.of(3);
    TorchNetwork network = cnn(Activation.TANH);
    float[] parameters = new float[network.parameterCount()];
    network.initialise(random, parameters, 0);
    network.load(parameters, 0);
    int rows = 3;
    float[] inputs = normal(random, rows * 63);
    float[] slopes = normal(random, rows * 2);
    float[] gradients = new float[parameters.length];
    float[] inputGradients = new float[inputs.length];
    network.forward(inputs, rows, new float[rows * 2]);
    network.backward(slopes, gradients, 0, inputGradients);
    float step = 1e-3f;
    for (int i = 0; i < parameters.length; i++) {
      float[] more = parameters.clone();
      float[] less = parameters.clone();
      more[i] += step;
      less[i] -= step;
      double expected =
          (loss(more, inputs, slopes) - loss(less, inputs, slopes)) / ((double) more[i] - less[i]);
      assertThat((double) gradients[i]).as("parameter %d", i).isCloseTo(expected, within(1e-4));
    }
    for (int i = 0; i < inputs.length; i++) {
      float[] more = inputs.clone();
      float[] less = inputs.clone();
      more[i] += step;
      less[i] -= step;
      double expected = (loss(parameters, more, slopes) - loss(parameters, less, slopes))
          / ((double) more[i] - less[i]);
      assertThat((double) inputGradients[i]).as("input %d", i).isCloseTo(expected, within(1e-4));
    }
  }

  private static double loss(float[] parameters, float[] inputs, float[] slopes) {
    double sum = 0;
    for (int m = 0; m < slopes.length / 2; m++) {
      double[] y =
          reference(Activation.TANH, parameters, Arrays.copyOfRange(inputs, m * 63, m * 63 + 63));
      sum += slopes[m * 2] * y[0] + slopes[m * 2 + 1] * y[1];
    }
    return sum;
  }

  /** One row of {@link #cnn}, in double. */
  private static double[] reference(Activation activation, float[] p, float[] row) {
    int h = 5;
    int w = 6;
    int channels = 2;
    double[] now = new double[60]; // [channel][y][x]
    for (int i = 0; i < 60; i++) {
      now[i % 2 * 30 + i / 2] = row[i];
    }
    int at = 0;
    for (Convolution layer : PICTURE.filters()) {
      int nextH = (h + layer.stride() - 1) / layer.stride();
      int nextW = (w + layer.stride() - 1) / layer.stride();
      int kh = layer.kernelHeight();
      int kw = layer.kernelWidth();
      int above = Math.max((nextH - 1) * layer.stride() + kh - h, 0) / 2;
      int left = Math.max((nextW - 1) * layer.stride() + kw - w, 0) / 2;
      double[] next = new double[layer.filters() * nextH * nextW];
      int bias = at + layer.filters() * channels * kh * kw;
      for (int i = 0; i < next.length; i++) {
        int f = i / (nextH * nextW);
        int y = i / nextW % nextH * layer.stride() - above;
        int x = i % nextW * layer.stride() - left;
        double sum = p[bias + f];
        for (int k = 0; k < channels * kh * kw; k++) {
          int c = k / (kh * kw);
          int yy = y + k / kw % kh;
          int xx = x + k % kw;
          if (yy >= 0 && yy < h && xx >= 0 && xx < w) {
            sum += p[at + f * channels * kh * kw + k] * now[(c * h + yy) * w + xx];
          }
        }
        next[i] = activated(activation, sum);
      }
      at = bias + layer.filters();
      channels = layer.filters();
      h = nextH;
      w = nextW;
      now = next;
    }
    double[] features = Arrays.copyOf(now, now.length + 3);
    for (int i = 0; i < 3; i++) {
      features[now.length + i] = row[60 + i];
    }
    double[] hidden = linear(p, at, features, 8);
    for (int i = 0; i < 8; i++) {
      hidden[i] = activated(activation, hidden[i]);
    }
    return linear(p, at + 8 * features.length + 8, hidden, 2);
  }

  private static double activated(Activation activation, double x) {
    return activation == Activation.TANH ? Math.tanh(x) : Math.max(0, x);
  }

  private static double[] linear(float[] p, int at, double[] x, int out) {
    double[] y = new double[out];
    for (int j = 0; j < out; j++) {
      y[j] = p[at + out * x.length + j];
      for (int k = 0; k < x.length; k++) {
        y[j] += p[at + j * x.length + k] * x[k];
      }
    }
    return y;
  }

  @Test
  void shouldGiveARowTheSameBitsInAnyBatch() {
    Generator random = Generator.of(4);
    ConvEncoder none = ConvEncoder.NONE;
    List<Mlp.Head> heads = List.of(new Mlp.Head("pi", 3, 1));
    for (TorchNetwork network : List.of(
        cnn(Activation.TANH),
        new TorchNetwork(
            7, none, new int[] {64, 33}, Activation.TANH, 0, Initializer.FAN_IN, heads))) {
      float[] parameters = new float[network.parameterCount()];
      network.initialise(random, parameters, 0);
      network.load(parameters, 0);
      int rows = 75;
      int in = network.inputWidth();
      int out = network.outputWidth();
      float[] inputs = normal(random, rows * in);
      float[] together = new float[rows * out];
      network.forward(inputs, rows, together);
      for (int m = 0; m < rows; m++) {
        float[] alone = new float[out];
        network.infer(Arrays.copyOfRange(inputs, m * in, m * in + in), 1, alone);
        assertThat(alone).isEqualTo(Arrays.copyOfRange(together, m * out, m * out + out));
      }
    }
  }

  @Test
  void shouldNameParametersAsPyTorch() {
    TorchNetwork network = cnn(Activation.RELU);
    assertThat(network.segments().stream().map(Segment::name))
        .containsExactly(
            "0.weight", "0.bias", "2.weight", "2.bias", "5.weight", "5.bias", "7.weight", "7.bias");
    assertThat(network.segments().getFirst().shape()).containsExactly(4, 2, 3, 2);
    int end = 0;
    for (Segment segment : network.segments()) {
      assertThat(segment.offset()).isEqualTo(end);
      end += segment.length();
    }
  }
}
