package io.llmagentos.rl.policy;

import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.djl.TorchScript;
import io.llmagentos.model.djl.TorchScript.Call;
import io.llmagentos.model.djl.TorchScript.Input;
import io.llmagentos.rl.random.Generator;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Convolutions, fully connected layers and a long short-term memory, or some of them, in float32 on libtorch, which loads with the first network and computes
 * with one thread a call. The parameters are those of PyTorch's {@code nn.Sequential} of {@code nn.Conv2d}s, {@code nn.Flatten} and {@code nn.Linear}s with
 * activations between, and of an {@code nn.LSTM} before the last layer; without convolutions and memory they are those of {@link Mlp}. Inputs behind the
 * picture join its features at the first linear layer. A state is the memory's output, then its cells. No native memory is held between passes. {@link
 * #infer} goes row by row, as does {@link #forward} without a memory; sequences and {@link #backward} go together.
 */
public final class TorchNetwork implements Network {
  private final int inputWidth;
  private final int outputWidth;
  private final int stateWidth;
  private final List<Layout> parts;
  private final List<Segment> segments;
  private final List<long[]> shapes;
  private final double[] constants;
  private float[] parameters = {};
  private float[] stepped = {};
  private float[] inputs = {};
  private int rows;
  private Sequences sequences = Sequences.NONE;

  /**
   * Throws {@code UNAVAILABLE} without libtorch.
   *
   * @param lstmCells width of the memory; 0: none
   */
  public TorchNetwork(
      int inputWidth,
      ConvEncoder encoder,
      int[] hidden,
      Activation activation,
      int lstmCells,
      Initializer initializer,
      List<Mlp.Head> heads) {
    PyTorch.engine();
    int features = inputWidth - encoder.inputWidth() + encoder.outputWidth();
    ConvLayout filters = new ConvLayout(encoder, initializer);
    int name = filters.nextName();
    MlpLayout layers = new MlpLayout(features, hidden, List.of(), initializer, name, filters.end());
    LstmLayout memory = new LstmLayout(layers.outputWidth(), lstmCells, initializer, layers.end());
    MlpLayout last = new MlpLayout(
        memory.outputWidth(),
        new int[0],
        heads,
        initializer,
        name + 2 * hidden.length,
        memory.end());
    this.inputWidth = inputWidth;
    this.outputWidth = last.outputWidth();
    this.stateWidth = 2 * lstmCells;
    this.parts = List.of(filters, layers, memory, last);
    this.segments = parts.stream().flatMap(part -> part.segments().stream()).toList();
    this.shapes = parts.stream().flatMap(part -> part.shapes().stream()).toList();
    this.constants = constants(encoder, activation);
  }

  /** Height, width, channels, relu after convolutions, relu after linear layers; and for each convolution stride, zeros left, right, above, below. */
  private static double[] constants(ConvEncoder encoder, Activation activation) {
    double[] all = new double[5 + 5 * encoder.filters().size()];
    all[0] = encoder.height();
    all[1] = encoder.width();
    all[2] = encoder.channels();
    all[3] = encoder.activation() == Activation.RELU ? 1 : 0;
    all[4] = activation == Activation.RELU ? 1 : 0;
    int h = encoder.height();
    int w = encoder.width();
    int at = 5;
    for (Convolution layer : encoder.filters()) {
      int horizontal = layer.padding(w, layer.kernelWidth());
      int vertical = layer.padding(h, layer.kernelHeight());
      int left = horizontal / 2;
      int above = vertical / 2;
      all[at++] = layer.stride();
      all[at++] = left;
      all[at++] = horizontal - left;
      all[at++] = above;
      all[at++] = vertical - above;
      h = layer.across(h);
      w = layer.across(w);
    }
    return all;
  }

  @Override
  public int inputWidth() {
    return inputWidth;
  }

  @Override
  public int outputWidth() {
    return outputWidth;
  }

  @Override
  public int stateWidth() {
    return stateWidth;
  }

  @Override
  public List<Segment> segments() {
    return segments;
  }

  @Override
  public void initialise(Generator random, float[] parameters, int at) {
    parts.forEach(part -> part.initialise(random, parameters, at));
  }

  @Override
  public void load(float[] parameters, int at) {
    this.parameters = Arrays.copyOfRange(parameters, at, at + parameterCount());
  }

  @Override
  public void infer(float[] inputs, int rows, float[] outputs) {
    infer(inputs, new float[rows * stateWidth], rows, outputs);
  }

  @Override
  public void infer(float[] inputs, float[] states, int rows, float[] outputs) {
    Input x = rows(inputs, rows, inputWidth);
    if (stateWidth == 0) {
      Program.SCRIPT.forward(call("apart", x), outputs);
      return;
    }
    int width = outputWidth + stateWidth;
    if (stepped.length < rows * width) {
      stepped = new float[rows * width];
    }
    Program.SCRIPT.forward(call("step", x, rows(states, rows, stateWidth)), stepped);
    for (int m = 0; m < rows; m++) {
      System.arraycopy(stepped, m * width, outputs, m * outputWidth, outputWidth);
      System.arraycopy(stepped, m * width + outputWidth, states, m * stateWidth, stateWidth);
    }
  }

  @Override
  public void forward(float[] inputs, int rows, float[] outputs) {
    Sequences alone = stateWidth == 0
        ? Sequences.NONE
        : new Sequences(1, new float[rows * stateWidth], new boolean[rows]);
    forward(inputs, alone, rows, outputs);
  }

  @Override
  public void forward(float[] inputs, Sequences sequences, int rows, float[] outputs) {
    if (this.inputs.length < rows * inputWidth) {
      this.inputs = new float[rows * inputWidth];
    }
    System.arraycopy(inputs, 0, this.inputs, 0, rows * inputWidth);
    this.rows = rows;
    if (stateWidth == 0) {
      infer(inputs, rows, outputs);
      return;
    }
    this.sequences = new Sequences(
        sequences.length(), sequences.states().clone(), sequences.starts().clone());
    Program.SCRIPT.forward(again(), outputs);
  }

  @Override
  public void backward(
      float[] outputGradients,
      float[] parameterGradients,
      int at,
      float @Nullable [] inputGradients) {
    Program.SCRIPT.backward(again(), outputGradients, parameterGradients, at, inputGradients);
  }

  /** What the last forward pass computed, all rows together. */
  private Call again() {
    Input x = rows(inputs, rows, inputWidth);
    if (stateWidth == 0) {
      return call("together", x);
    }
    float[] keep = new float[rows];
    for (int m = 0; m < rows; m++) {
      keep[m] = sequences.starts()[m] ? 0 : 1;
    }
    return call(
        "unroll",
        x,
        rows(sequences.states(), rows / sequences.length(), stateWidth),
        new Input(keep, new long[] {rows}));
  }

  private static Input rows(float[] numbers, int rows, int width) {
    return new Input(numbers, new long[] {rows, width});
  }

  private Call call(String method, Input... inputs) {
    return new Call(method, parameters, 0, shapes, List.of(inputs), constants);
  }

  /** The program of all networks in this JVM; it stays. */
  private static final class Program {
    static final TorchScript SCRIPT = load();

    private static TorchScript load() {
      PyTorch.threads(1);
      return new TorchScript(
          "TorchNetwork", PyTorch.source(TorchNetwork.class, "torch_network.py"));
    }
  }
}
