package io.llmagentos.rl.policy;

import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.djl.TorchScript;
import io.llmagentos.rl.random.Generator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A convolutional network or a multi-layer perceptron in float32 on libtorch, which loads with the first of them and computes with one thread a call. The
 * parameters are those of PyTorch's {@code nn.Sequential} of {@code nn.Conv2d}s, {@code nn.Flatten} and {@code nn.Linear}s with activations between; without
 * convolutions they are those of {@link Mlp}. Inputs behind the picture join its features at the first linear layer. No native memory is held between
 * passes. {@link #infer} and {@link #forward} go row by row, {@link #backward} computes the forward pass again with all rows together.
 */
public final class TorchNetwork implements Network {
  private final int inputWidth;
  private final Initializer initializer;
  private final MlpLayout layout;
  private final List<Segment> filters = new ArrayList<>();
  private final List<long[]> shapes = new ArrayList<>();
  private final double[] constants;
  private float[] parameters = {};
  private float[] inputs = {};
  private int rows;

  /** Throws {@code UNAVAILABLE} without libtorch. */
  public TorchNetwork(
      int inputWidth,
      ConvEncoder encoder,
      int[] hidden,
      Activation activation,
      Initializer initializer,
      List<Mlp.Head> heads) {
    PyTorch.engine();
    this.inputWidth = inputWidth;
    this.initializer = initializer;
    int convolutions = encoder.filters().size();
    int at = 0;
    for (int i = 0; i < convolutions; i++) {
      Convolution layer = encoder.filters().get(i);
      int[] weight = {
        layer.filters(), encoder.channels(i), layer.kernelHeight(), layer.kernelWidth()
      };
      at = filter(new Segment(2 * i + ".weight", weight, at));
      at = filter(new Segment(2 * i + ".bias", new int[] {layer.filters()}, at));
    }
    // In an nn.Sequential the flattening comes between.
    int firstLinear = convolutions == 0 ? 0 : 2 * convolutions + 1;
    int features = inputWidth - encoder.inputWidth() + encoder.outputWidth();
    this.layout = new MlpLayout(features, hidden, heads, initializer, firstLinear, at);
    for (int l = 0; l < layout.layers(); l++) {
      shapes.add(new long[] {layout.out(l), layout.in(l)});
      shapes.add(new long[] {layout.out(l)});
    }
    this.constants = constants(encoder, activation);
  }

  private int filter(Segment segment) {
    filters.add(segment);
    shapes.add(Arrays.stream(segment.shape()).asLongStream().toArray());
    return segment.offset() + segment.length();
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
    return layout.outputWidth();
  }

  @Override
  public List<Segment> segments() {
    List<Segment> all = new ArrayList<>(filters);
    all.addAll(layout.segments());
    return List.copyOf(all);
  }

  @Override
  public void initialise(Generator random, float[] parameters, int at) {
    for (int i = 0; i < filters.size(); i += 2) {
      Segment weight = filters.get(i);
      int out = weight.shape()[0];
      initializer.fill(
          random,
          out,
          weight.length() / out,
          Math.sqrt(2),
          parameters,
          at + weight.offset(),
          at + filters.get(i + 1).offset());
    }
    layout.initialise(random, parameters, at);
  }

  @Override
  public void load(float[] parameters, int at) {
    this.parameters = Arrays.copyOfRange(parameters, at, at + parameterCount());
  }

  @Override
  public void infer(float[] inputs, int rows, float[] outputs) {
    Program.SCRIPT.forward(call("apart", inputs, rows), outputs);
  }

  @Override
  public void forward(float[] inputs, int rows, float[] outputs) {
    infer(inputs, rows, outputs);
    if (this.inputs.length < rows * inputWidth) {
      this.inputs = new float[rows * inputWidth];
    }
    System.arraycopy(inputs, 0, this.inputs, 0, rows * inputWidth);
    this.rows = rows;
  }

  @Override
  public void backward(
      float[] outputGradients,
      float[] parameterGradients,
      int at,
      float @Nullable [] inputGradients) {
    Program.SCRIPT.backward(
        call("together", inputs, rows), outputGradients, parameterGradients, at, inputGradients);
  }

  private TorchScript.Call call(String method, float[] inputs, int rows) {
    return new TorchScript.Call(
        method, parameters, 0, shapes, inputs, new long[] {rows, inputWidth}, constants);
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
