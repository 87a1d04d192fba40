package io.llmagentos.model.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.llmagentos.model.djl.PyTorch;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A Llama decoder on libtorch: weights, their average, the optimiser's moments, and the three methods of decoder.py.
 * For one thread. A step is one native call; nothing but the loss comes back to Java.
 */
public final class Decoder implements AutoCloseable {
  private static final double INITIAL_DEVIATION = 0.02;

  private final DecoderShape shape;
  private final PtNDManager manager;
  private final PtSymbolBlock script;
  private final NDList weights;
  private final NDList averaged;
  private final NDList first;
  private final NDList second;
  private final NDList steps;
  private final NDArray cosine;
  private final NDArray sine;

  /** A decoder with the given parameters, in the order and the shapes of {@link DecoderShape#parameters}. */
  public Decoder(DecoderShape shape, List<float[]> parameters) {
    this.shape = shape;
    this.manager = PyTorch.newManager();
    this.script = PyTorch.load(manager, "Decoder", PyTorch.source(Decoder.class, "decoder.py"));
    List<float[]> zeros = parameters.stream().map(p -> new float[p.length]).toList();
    this.weights = group("w", parameters);
    this.averaged = group("average", parameters);
    this.first = group("m", zeros);
    this.second = group("v", zeros);
    this.steps = new NDList();
    shape.parameters().forEach(size -> steps.add(named("steps", size, manager.create(0f))));
    this.cosine = rotary(true);
    this.sine = rotary(false);
  }

  /** A decoder with random weights; the same seed gives the same weights and the same dropout. */
  public static Decoder initial(DecoderShape shape, long seed) {
    var random = new SplittableRandom(seed);
    var parameters = new ArrayList<float[]>();
    List<long[]> shapes = shape.parameters();
    for (int p = 0; p < shapes.size(); p++) {
      long[] size = shapes.get(p);
      float[] values = new float[Math.toIntExact(size.length == 1 ? size[0] : size[0] * size[1])];
      boolean ontoResidual = p > 0 && p % 2 == 0;
      double deviation =
          ontoResidual ? INITIAL_DEVIATION / Math.sqrt(2.0 * shape.layers()) : INITIAL_DEVIATION;
      for (int i = 0; i < values.length; i++) {
        values[i] = size.length == 1 ? 1 : (float) (random.nextGaussian() * deviation);
      }
      parameters.add(values);
    }
    return new Decoder(shape, parameters);
  }

  /** Seeds dropout. */
  public static void seed(long seed) {
    JniUtils.setSeed(seed);
  }

  /** Uses this many threads inside an operator. Results repeat for the same number. */
  public static void threads(int threads) {
    PyTorch.threads(threads);
  }

  public DecoderShape shape() {
    return shape;
  }

  /** Learns from one batch with bfloat16 matrix products and float32 weights. Returns the loss before the step. */
  public float step(DecoderBatch batch, StepSettings settings) {
    // Grad mode is the thread's; the script builds and walks the graph inside this one call.
    JniUtils.setGradMode(true);
    try (NDManager scope = manager.newSubManager()) {
      var arguments = arguments(scope, "step");
      state().forEach(arguments::addAll);
      arguments.add(matrix(scope, batch.ids()));
      arguments.add(scope.create(batch.rows()));
      arguments.add(scope.create(batch.targets()));
      arguments.add(scope.create(batch.weights()));
      arguments.add(cosine);
      arguments.add(sine);
      arguments.add(scope.create(new double[] {
        shape.heads(),
        DecoderShape.EPSILON,
        settings.dropout(),
        settings.smoothing(),
        settings.rate(),
        settings.decay(),
        settings.clip(),
        settings.averaging()
      }));
      return IValueUtils.forward(script, arguments, true).singletonOrThrow().toFloatArray()[0];
    } finally {
      JniUtils.setGradMode(false);
    }
  }

  /** The logits [N][V] at the rows of the padded sequences, in float32. */
  public float[][] logits(long[][] ids, long[] rows) {
    try (NDManager scope = manager.newSubManager()) {
      var arguments = arguments(scope, "predict");
      arguments.addAll(weights);
      arguments.add(matrix(scope, ids));
      arguments.add(scope.create(rows));
      arguments.add(cosine);
      arguments.add(sine);
      arguments.add(scope.create(new double[] {shape.heads(), DecoderShape.EPSILON}));
      float[] flat =
          IValueUtils.forward(script, arguments, false).singletonOrThrow().toFloatArray();
      float[][] logits = new float[rows.length][];
      for (int i = 0; i < rows.length; i++) {
        int from = i * shape.vocabulary();
        logits[i] = Arrays.copyOfRange(flat, from, from + shape.vocabulary());
      }
      return logits;
    }
  }

  /** Copies of the averaged weights. */
  public List<float[]> averagedWeights() {
    var copies = new ArrayList<float[]>();
    for (NDArray array : averaged) {
      copies.add(array.toFloatArray());
    }
    return copies;
  }

  /** Writes all that the next step depends on. */
  public void save(DataOutputStream out) throws IOException {
    for (NDList group : state()) {
      for (NDArray array : group) {
        ByteBuffer bytes = array.toByteBuffer();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        out.writeInt(copy.length);
        out.write(copy);
      }
    }
  }

  /** Reads what {@link #save} wrote of a decoder of the same shape. */
  public void restore(DataInputStream in) throws IOException {
    for (NDList group : state()) {
      for (NDArray array : group) {
        byte[] bytes = in.readNBytes(in.readInt());
        float[] values = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer().get(values);
        array.set(values);
      }
    }
  }

  private List<NDList> state() {
    return List.of(weights, first, second, averaged, steps);
  }

  private NDArray rotary(boolean cosines) {
    int half = shape.headSize() / 2;
    float[] table = new float[shape.maxTokens() * half * 2];
    for (int t = 0; t < shape.maxTokens(); t++) {
      for (int i = 0; i < half; i++) {
        double angle = t * Math.pow(DecoderShape.ROPE_THETA, -(double) i / half);
        float value = (float) (cosines ? Math.cos(angle) : Math.sin(angle));
        table[t * half * 2 + i] = value;
        table[t * half * 2 + half + i] = value;
      }
    }
    return manager.create(table, new Shape(shape.maxTokens(), half * 2L));
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }

  /** Results attach to the manager of the first argument, so that one comes from the call's scope. */
  private static NDList arguments(NDManager scope, String method) {
    NDArray name = scope.create(0);
    name.setName("module_method:" + method);
    return new NDList(name);
  }

  private static NDArray matrix(NDManager scope, long[][] ids) {
    int width = ids[0].length;
    long[] flat = new long[ids.length * width];
    for (int i = 0; i < ids.length; i++) {
      System.arraycopy(ids[i], 0, flat, i * width, width);
    }
    return scope.create(flat, new Shape(ids.length, width));
  }

  /** Parameter-shaped arrays in two lists: arguments with the same name become one List[Tensor]. */
  private NDList group(String name, List<float[]> values) {
    var list = new NDList();
    List<long[]> shapes = shape.parameters();
    for (int i = 0; i < values.size(); i++) {
      list.add(named(name, shapes.get(i), manager.create(values.get(i), new Shape(shapes.get(i)))));
    }
    return list;
  }

  private static NDArray named(String name, long[] size, NDArray array) {
    array.setName(name + (size.length == 2 ? "Matrices[]" : "Norms[]"));
    return array;
  }
}
