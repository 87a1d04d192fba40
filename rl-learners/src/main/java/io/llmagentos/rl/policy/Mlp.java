package io.llmagentos.rl.policy;

import io.llmagentos.rl.random.Generator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A multi-layer perceptron in float32 on the Vector API. The parameters are those of PyTorch's {@code nn.Sequential} of {@code nn.Linear} and activations:
 * {@code 0.weight [out][in], 0.bias [out], 2.weight, ...}. The last layer is linear and may consist of several heads, whose rows lie one after the other:
 * {@code pi.weight, vf.weight, pi.bias, vf.bias}.
 */
public final class Mlp implements Network {
  /**
   * Rows of the last layer.
   *
   * @param name of its segments; a single head is named like any layer
   * @param gain of its orthogonal weights
   */
  public record Head(String name, int width, double gain) {}

  private final Activation activation;
  private final MlpLayout layout;
  private final Dense[] layers;
  private int rows;

  public Mlp(
      int inputWidth,
      int[] hidden,
      Activation activation,
      Initializer initializer,
      List<Head> heads) {
    this.activation = activation;
    this.layout = new MlpLayout(inputWidth, hidden, heads, initializer, 0, 0);
    this.layers = new Dense[layout.layers()];
    for (int l = 0; l < layers.length; l++) {
      layers[l] = new Dense(layout.in(l), layout.out(l), layout.weight(l));
    }
  }

  @Override
  public int inputWidth() {
    return layers[0].in;
  }

  @Override
  public int outputWidth() {
    return layout.outputWidth();
  }

  @Override
  public List<Segment> segments() {
    return layout.segments();
  }

  @Override
  public void initialise(Generator random, float[] parameters, int at) {
    layout.initialise(random, parameters, at);
  }

  @Override
  public void load(float[] parameters, int at) {
    for (Dense layer : layers) {
      layer.load(parameters, at);
    }
  }

  @Override
  public void infer(float[] inputs, int rows, float[] outputs) {
    float[] x = inputs;
    int stride = inputWidth();
    for (Dense layer : layers) {
      layer.forward(x, stride, rows);
      x = layer.y;
      stride = layer.outPadded;
      if (layer != layers[layers.length - 1]) {
        ActivationKernels.apply(activation, x, rows * stride);
      }
    }
    int outputWidth = outputWidth();
    for (int m = 0; m < rows; m++) {
      System.arraycopy(x, m * stride, outputs, m * outputWidth, outputWidth);
    }
  }

  @Override
  public void forward(float[] inputs, int rows, float[] outputs) {
    layers[0].remember(inputs, rows);
    for (int l = 1; l < layers.length; l++) {
      layers[l].x = layers[l - 1].room(rows);
    }
    this.rows = rows;
    infer(inputs, rows, outputs);
  }

  @Override
  public void backward(
      float[] outputGradients,
      float[] parameterGradients,
      int at,
      float @Nullable [] inputGradients) {
    Dense last = layers[layers.length - 1];
    last.gradient(outputGradients, rows);
    for (int l = layers.length - 1; l >= 0; l--) {
      Dense layer = layers[l];
      layer.backwardParameters(rows, parameterGradients, at);
      if (l > 0) {
        Dense below = layers[l - 1];
        layer.backwardInput(rows, below.roomForGradient(rows));
        ActivationKernels.derivative(activation, below.y, below.dy, rows * below.outPadded);
      } else if (inputGradients != null) {
        layer.backwardInput(rows, layer.roomForInputGradient(rows));
        for (int m = 0; m < rows; m++) {
          System.arraycopy(layer.dx, m * layer.inPadded, inputGradients, m * layer.in, layer.in);
        }
      }
    }
  }

  /** One linear layer with its buffers, rows padded to whole vectors; what lies in the padding is zero. */
  private static final class Dense {
    final int in;
    final int out;
    final int inPadded;
    final int outPadded;
    final int weight;
    final int bias;
    private final float[] byInput; // [in][outPadded]
    private final float[] byOutput; // [out][inPadded]
    private final float[] start; // [outPadded]
    private final float[] zeros; // [inPadded]
    private final float[]
        weightGradient; // [out, a multiple of 4][inPadded], or [in, a multiple of 4][outPadded]
    private final float[] biasGradient; // [outPadded]
    float[] x = {}; // [rows][inPadded]
    float[] y = {}; // [rows][outPadded]
    float[] dy = {}; // [rows][outPadded]
    float[] dx = {}; // [rows][inPadded]

    Dense(int in, int out, int offset) {
      this.in = in;
      this.out = out;
      this.inPadded = Lanes.padded(in);
      this.outPadded = Lanes.padded(out);
      this.weight = offset;
      this.bias = offset + out * in;
      this.byInput = new float[in * outPadded];
      this.byOutput = new float[out * inPadded];
      this.start = new float[outPadded];
      this.zeros = new float[inPadded];
      this.weightGradient = narrow()
          ? new float[Math.ceilDiv(in, 4) * 4 * outPadded]
          : new float[Math.ceilDiv(out, 4) * 4 * inPadded];
      this.biasGradient = new float[outPadded];
    }

    void load(float[] parameters, int at) {
      for (int j = 0; j < out; j++) {
        int row = at + weight + j * in;
        System.arraycopy(parameters, row, byOutput, j * inPadded, in);
        for (int k = 0; k < in; k++) {
          byInput[k * outPadded + j] = parameters[row + k];
        }
      }
      System.arraycopy(parameters, at + bias, start, 0, out);
    }

    float[] room(int rows) {
      if (y.length < rows * outPadded) {
        y = new float[rows * outPadded];
      }
      return y;
    }

    float[] roomForGradient(int rows) {
      if (dy.length < rows * outPadded) {
        dy = new float[rows * outPadded];
      }
      return dy;
    }

    float[] roomForInputGradient(int rows) {
      if (dx.length < rows * inPadded) {
        dx = new float[rows * inPadded];
      }
      return dx;
    }

    void remember(float[] inputs, int rows) {
      if (x.length < rows * inPadded) {
        x = new float[rows * inPadded];
      }
      for (int m = 0; m < rows; m++) {
        System.arraycopy(inputs, m * in, x, m * inPadded, in);
      }
    }

    void gradient(float[] outputGradients, int rows) {
      roomForGradient(rows);
      for (int m = 0; m < rows; m++) {
        System.arraycopy(outputGradients, m * out, dy, m * outPadded, out);
      }
    }

    void forward(float[] inputs, int stride, int rows) {
      ProductKernels.product(inputs, stride, rows, in, byInput, start, outPadded, room(rows));
    }

    /** Whether lanes over inputs would be mostly padding. */
    private boolean narrow() {
      return in < Lanes.LENGTH && out > in;
    }

    void backwardParameters(int rows, float[] gradients, int at) {
      if (narrow()) {
        OuterKernels.outer(x, inPadded, in, dy, outPadded, rows, weightGradient);
        for (int j = 0; j < out; j++) {
          for (int k = 0; k < in; k++) {
            gradients[at + weight + j * in + k] = weightGradient[k * outPadded + j];
          }
        }
      } else {
        OuterKernels.outer(dy, outPadded, out, x, inPadded, rows, weightGradient);
        for (int j = 0; j < out; j++) {
          System.arraycopy(weightGradient, j * inPadded, gradients, at + weight + j * in, in);
        }
      }
      OuterKernels.columnSums(dy, outPadded, rows, biasGradient);
      System.arraycopy(biasGradient, 0, gradients, at + bias, out);
    }

    void backwardInput(int rows, float[] into) {
      ProductKernels.product(dy, outPadded, rows, out, byOutput, zeros, inPadded, into);
    }
  }
}
