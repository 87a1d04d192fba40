package io.llmagentos.model.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.training.OptimizerStep.AdamW;
import io.llmagentos.model.training.OptimizerStep.Sgd;
import io.llmagentos.model.weights.ModelFiles;
import io.llmagentos.model.weights.Parameter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A transformer that learns: weights, the gradient that accumulates and the optimizer's moments, each one float32 vector on libtorch, beside a script that is
 * written for the model. A call is one native call. For one thread at a time; results repeat for the same seeds, settings and threads inside an operator.
 * What is returned belongs to the caller, except for tensors, which are views of native memory.
 */
public final class Transformer implements AutoCloseable {
  private final TransformerConfig config;
  private final EngineSettings settings;
  private final Program program;
  private final FlatLayout layout;
  private final TransformerScript script;
  private final PtNDManager manager;
  private final PtSymbolBlock block;
  private final Vector weights;
  private final Vector gradient;
  private final Vector first;
  private final Vector second;
  private long steps;

  private Transformer(
      TransformerConfig config, EngineSettings settings, Function<Parameter, float[]> values) {
    this.config = config;
    this.settings = settings;
    program = Program.of(config);
    layout = new FlatLayout(config.parameters());
    script = new TransformerScript(program, layout, settings);
    manager = PyTorch.newManager();
    block = PyTorch.load(manager, "Transformer", script.source());
    weights = new Vector("d", "p");
    gradient = new Vector("gd", "gp");
    first = new Vector("md", "mp");
    second = new Vector("vd", "vp");
    layout.parameters().forEach(p -> weights.put(p, values.apply(p)));
  }

  /** Weights as Hugging Face initialises them; the same seed, the same weights. */
  public static Transformer initial(TransformerConfig config, EngineSettings settings, long seed) {
    var random = new SplittableRandom(seed);
    return new Transformer(config, settings, parameter -> drawn(parameter, random));
  }

  /**
   * The model in a Hugging Face directory.
   *
   * @throws AgentOsException {@code MODEL_FILE_MISSING}, {@code MODEL_FILE_CORRUPT} or {@code MODEL_UNSUPPORTED}
   */
  public static Transformer load(Path directory, EngineSettings settings) {
    TransformerConfig config = TransformerConfig.read(directory);
    try (ModelFiles files = ModelFiles.open(directory)) {
      return new Transformer(
          config, settings, parameter -> files.tensor(parameter).toFloats());
    }
  }

  private static float[] drawn(Parameter parameter, SplittableRandom random) {
    float[] values = new float[parameter.elements()];
    int row = values.length / Math.toIntExact(parameter.shape()[0]);
    for (int i = 0; i < values.length; i++) {
      double noise = parameter.deviation() == 0 ? 0 : random.nextGaussian() * parameter.deviation();
      values[i] = i / row == parameter.zeroRow() ? 0 : (float) (parameter.mean() + noise);
    }
    return values;
  }

  public TransformerConfig config() {
    return config;
  }

  public EngineSettings settings() {
    return settings;
  }

  /** How many steps the optimizer has made. */
  public long steps() {
    return steps;
  }

  /**
   * Adds the gradient of the batch's summed loss to the accumulated one, with dropout drawn from {@code seed}.
   *
   * @throws AgentOsException {@code INVALID_REQUEST} or {@code CONTEXT_LENGTH_EXCEEDED} for a batch that does not fit the model, nothing is changed;
   *     {@code TRAINING_DIVERGED} when the loss is not finite, the accumulated gradient is then zero
   */
  public Loss accumulate(Batch batch, long seed) {
    var inputs = new Inputs(config, program, batch, true);
    if (inputs.targets() == 0) {
      return Loss.NONE;
    }
    Loss loss = loss(TransformerScript.ACCUMULATE, inputs, seed);
    if (!Double.isFinite(loss.sum())) {
      zeroGradient();
      throw new AgentOsException(
          ErrorCode.TRAINING_DIVERGED,
          "the loss of a batch of " + loss.targets() + " targets is "
              + loss.mean() + " after step " + steps
              + "; go on from an earlier checkpoint with a smaller learning_rate or max_grad_norm",
          "learning_rate");
    }
    return loss;
  }

  /** The batch's summed loss, without dropout. Throws as {@link #accumulate}, but never {@code TRAINING_DIVERGED}. */
  public Loss evaluate(Batch batch) {
    var inputs = new Inputs(config, program, batch, true);
    return inputs.targets() == 0 ? Loss.NONE : loss(TransformerScript.EVALUATE, inputs, 0);
  }

  private Loss loss(String method, Inputs inputs, long seed) {
    try (NDManager scope = manager.newSubManager()) {
      double sum = run(scope, method, inputs, seed).getFirst().toDoubleArray()[0];
      return new Loss(sum, inputs.targets());
    }
  }

  /** The logits, without dropout: one row for each token, or for each row of the batch where a row has one label. */
  public float[][] logits(Batch batch) {
    return results(batch).getOrDefault(TransformerScript.LOGITS, new float[0][]);
  }

  /** Logits and hidden states by name, [rows][width]. */
  Map<String, float[][]> results(Batch batch) {
    var inputs = new Inputs(config, program, batch, false);
    Map<String, float[][]> results = new LinkedHashMap<>();
    try (NDManager scope = manager.newSubManager()) {
      NDList list = run(scope, TransformerScript.RESULTS, inputs, 0);
      for (int i = 0; i < list.size(); i++) {
        results.put(script.results().get(i), rows(list.get(i)));
      }
    }
    return results;
  }

  private static float[][] rows(NDArray matrix) {
    float[] flat = matrix.toFloatArray();
    int width = Math.toIntExact(matrix.getShape().get(1));
    float[][] rows = new float[flat.length / width][width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(flat, i * width, rows[i], 0, width);
    }
    return rows;
  }

  private NDList run(NDManager scope, String method, Inputs inputs, long seed) {
    NDList arguments = arguments(scope, method);
    arguments.add(weights.whole);
    if (method.equals(TransformerScript.ACCUMULATE)) {
      arguments.add(gradient.whole);
    }
    arguments.add(scope.create(new long[] {inputs.rows(), seed}));
    for (Input input : script.inputs(method)) {
      arguments.add(array(scope, inputs, input));
    }
    return call(arguments);
  }

  private static NDArray array(NDManager scope, Inputs inputs, Input input) {
    long[] values = inputs.array(input);
    return input == Input.MASK && values.length > 0
        ? scope.create(values, new Shape(inputs.rows(), values.length / inputs.rows()))
        : scope.create(values, new Shape(values.length));
  }

  /** How many numbers a gradient is. */
  public int gradientWidth() {
    return layout.width();
  }

  /** Copies the accumulated gradient, which is zero afterwards. */
  public void takeGradient(float[] into) {
    gradient.floats().get(into, 0, layout.width());
    zeroGradient();
  }

  /** Forgets what was accumulated. */
  public void zeroGradient() {
    try (NDManager scope = manager.newSubManager()) {
      NDList arguments = arguments(scope, "zero");
      gradient.addTo(arguments);
      call(arguments);
    }
  }

  /**
   * One step on a gradient from elsewhere instead of the accumulated one.
   *
   * @see #step(double, OptimizerStep)
   */
  public double step(float[] from, double scale, OptimizerStep settings) {
    gradient.floats().put(from, 0, layout.width());
    return step(scale, settings);
  }

  /**
   * One step on the accumulated gradient, which is zero afterwards.
   *
   * @param scale what the gradient is multiplied by first: 1 / targets
   * @return the norm of the scaled gradient before it is limited
   * @throws AgentOsException {@code TRAINING_DIVERGED} when the norm is not finite; weights and moments stay as they were
   */
  public double step(double scale, OptimizerStep settings) {
    double norm;
    try (NDManager scope = manager.newSubManager()) {
      NDList arguments = arguments(scope, settings instanceof Sgd ? "sgd" : "adamw");
      List.of(weights, gradient, first).forEach(vector -> vector.addTo(arguments));
      switch (settings) {
        case AdamW a -> {
          second.addTo(arguments);
          arguments.add(scope.create(new double[] {
            scale, a.maxNorm(), a.rate(), a.beta1(), a.beta2(), a.epsilon(), a.decay(), steps + 1
          }));
        }
        case Sgd s ->
          arguments.add(scope.create(new double[] {scale, s.maxNorm(), s.rate(), s.momentum()}));
      }
      norm = call(arguments).getFirst().toFloatArray()[0];
    }
    if (!Double.isFinite(norm)) {
      throw new AgentOsException(
          ErrorCode.TRAINING_DIVERGED,
          "the norm of the gradient of step " + (steps + 1) + " is " + norm
              + "; go on from an earlier checkpoint with a smaller learning_rate",
          "learning_rate");
    }
    steps++;
    return norm;
  }

  /** The weights under Hugging Face's names: views that follow each step, valid until {@link #close}. */
  public List<Tensor> weights() {
    return tensors(weights, "");
  }

  /** The accumulated gradient, as {@link #weights}. */
  List<Tensor> gradients() {
    return tensors(gradient, "");
  }

  /** All that later steps depend on: the weights and {@code optimizer.*}. Views, valid until {@link #close}. */
  public List<Tensor> state() {
    List<Tensor> all = new ArrayList<>(weights());
    all.addAll(tensors(first, FIRST));
    all.addAll(tensors(second, SECOND));
    all.add(Tensor.of(STEPS, new float[] {steps}, 1));
    return all;
  }

  private static final String FIRST = "optimizer.exp_avg.";
  private static final String SECOND = "optimizer.exp_avg_sq.";
  private static final String STEPS = "optimizer.step";

  /**
   * Takes over what {@link #state} gave, to the bit. The accumulated gradient is zero afterwards.
   *
   * @throws AgentOsException {@code CHECKPOINT_INVALID} when a tensor is missing or has another shape; nothing is changed
   */
  public void restore(Collection<Tensor> state) {
    Map<String, Tensor> byName =
        state.stream().collect(Collectors.toMap(Tensor::name, Function.identity()));
    state().forEach(mine -> CheckpointTensors.require(byName, mine));
    layout.parameters().forEach(p -> {
      weights.put(p, floats(byName, p.name()));
      first.put(p, floats(byName, FIRST + p.name()));
      second.put(p, floats(byName, SECOND + p.name()));
    });
    steps = (long) floats(byName, STEPS)[0];
    zeroGradient();
  }

  private static float[] floats(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name)).toFloats();
  }

  /** Writes a model directory: {@code config.json} and {@code model.safetensors}. */
  public void save(Path directory) throws IOException {
    ModelFiles.write(directory, config, weights());
  }

  private List<Tensor> tensors(Vector vector, String prefix) {
    return layout.parameters().stream()
        .map(p -> vector.tensor(prefix + p.name(), p))
        .toList();
  }

  private static NDList arguments(NDManager scope, String method) {
    // Results attach to the manager of the first argument.
    NDArray name = scope.create(0);
    name.setName("module_method:" + method);
    return new NDList(name);
  }

  private NDList call(NDList arguments) {
    // The thread's own setting: without it the executor would specialise the graph for every shape.
    JniUtils.setGraphExecutorOptimize(false);
    return IValueUtils.forward(block, arguments, false);
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }

  /** A number for each parameter, in native memory that the script's views share. */
  private final class Vector {
    private final PtNDArray whole;
    /** Each a list of one for the script, whose operators change their lists' tensors only if they are arguments. */
    private final NDArray decaying;

    private final NDArray others;

    Vector(String decayingName, String othersName) {
      whole = (PtNDArray) manager.zeros(new Shape(layout.width()));
      decaying = JniUtils.slice(whole, 0, 0, layout.decaying(), 1);
      others = JniUtils.slice(whole, 0, layout.decaying(), layout.width(), 1);
      decaying.setName(decayingName + "[]");
      others.setName(othersName + "[]");
    }

    void addTo(NDList arguments) {
      arguments.add(decaying);
      arguments.add(others);
    }

    /** The memory itself. */
    FloatBuffer floats() {
      return whole.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    void put(Parameter parameter, float[] values) {
      floats().put(layout.offset(parameter.name()), values);
    }

    Tensor tensor(String name, Parameter parameter) {
      MemorySegment part = MemorySegment.ofBuffer(floats())
          .asSlice(
              (long) layout.offset(parameter.name()) * Float.BYTES,
              (long) parameter.elements() * Float.BYTES);
      return Tensor.of(name, part, parameter.shape());
    }
  }
}
