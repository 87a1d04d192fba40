package io.llmagentos.model.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.weights.ModelFiles;
import io.llmagentos.model.weights.Parameter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * A transformer that learns, on libtorch, through a script that is written for the model: a batch is one native call, a step of the optimizer another.
 * For one thread at a time; results repeat to the bit for the same seeds, settings and number of threads inside an operator. Arrays belong to the
 * caller; tensors are views of native memory, valid until {@link #close}.
 */
public final class Transformer implements AutoCloseable {
  private final TransformerConfig config;
  private final EngineSettings settings;
  private final Program program;
  private final FlatLayout layout;
  private final TransformerScript script;
  private final PtNDManager manager;
  private final PtSymbolBlock block;
  private final Weights weights;
  private final List<GradientBuckets> buckets = new ArrayList<>();
  /** What {@code config.json} says besides. */
  private final ObjectNode others;

  Transformer(
      TransformerConfig config,
      EngineSettings settings,
      ObjectNode others,
      Function<Parameter, float[]> values) {
    PyTorch.keepMemory();
    this.config = config;
    this.settings = settings;
    this.others = others;
    program = Program.of(config);
    layout = new FlatLayout(config.parameters());
    script = new TransformerScript(program, layout, settings);
    weights = new Weights(layout, values);
    manager = PyTorch.newManager();
    block = PyTorch.load(manager, "Transformer", script.source());
  }

  /** Weights as Hugging Face initialises them; the same seed, the same weights. */
  public static Transformer initial(TransformerConfig config, EngineSettings settings, long seed) {
    return new Transformer(config, settings, JsonNodeFactory.instance.objectNode(), drawn(seed));
  }

  /**
   * The model in a Hugging Face directory.
   *
   * @throws AgentOsException {@code MODEL_FILE_MISSING}, {@code MODEL_FILE_CORRUPT} or {@code MODEL_UNSUPPORTED}
   */
  public static Transformer load(Path directory, EngineSettings settings) {
    TransformerConfig config = TransformerConfig.read(directory);
    try (ModelFiles files = ModelFiles.open(directory)) {
      ObjectNode others = ModelFiles.config(directory);
      return new Transformer(
          config, settings, others, parameter -> files.tensor(parameter).toFloats());
    }
  }

  /**
   * The model in a Hugging Face directory with the head of {@code config}: what the files lack of the head begins as Hugging Face initialises it.
   *
   * @throws AgentOsException as {@link #load}; {@code MODEL_FILE_CORRUPT} too when something else is missing
   */
  public static Transformer adapt(
      Path directory, TransformerConfig config, EngineSettings settings, long seed) {
    Function<Parameter, float[]> drawn = drawn(seed);
    try (ModelFiles files = ModelFiles.open(directory)) {
      ObjectNode others = ModelFiles.config(directory);
      return new Transformer(config, settings, others, parameter -> {
        float[] fresh = drawn.apply(parameter);
        boolean lacking = parameter.head() && !files.has(parameter.name());
        return lacking ? fresh : files.tensor(parameter).toFloats();
      });
    }
  }

  private static Function<Parameter, float[]> drawn(long seed) {
    var random = new SplittableRandom(seed);
    return parameter -> {
      float[] values = new float[parameter.elements()];
      int row = values.length / Math.toIntExact(parameter.shape()[0]);
      for (int i = 0; i < values.length; i++) {
        double noise =
            parameter.deviation() == 0 ? 0 : random.nextGaussian() * parameter.deviation();
        values[i] = i / row == parameter.zeroRow() ? 0 : (float) (parameter.mean() + noise);
      }
      return values;
    };
  }

  public TransformerConfig config() {
    return config;
  }

  public EngineSettings settings() {
    return settings;
  }

  /** How many steps the optimizer has made. */
  public long steps() {
    return weights.steps();
  }

  /**
   * Adds the gradient of the batch's summed loss to the accumulated one, with dropout drawn from {@code seed}.
   *
   * @throws AgentOsException {@code INVALID_REQUEST} or {@code CONTEXT_LENGTH_EXCEEDED} for a batch that does not fit the model, nothing is changed;
   *     {@code TRAINING_DIVERGED} when the loss is not finite, the accumulated gradient is then zero
   */
  public Loss accumulate(Batch batch, long seed) {
    Inputs inputs = inputs(batch);
    return inputs.targets() == 0
        ? Loss.NONE
        : requireFinite(loss(TransformerScript.ACCUMULATE, inputs, seed));
  }

  Inputs inputs(Batch batch) {
    return new Inputs(config, program, batch, true);
  }

  /** The loss of an accumulated gradient. */
  Loss requireFinite(Loss loss) {
    if (!Double.isFinite(loss.sum())) {
      weights.zeroGradient();
      throw new AgentOsException(
          ErrorCode.TRAINING_DIVERGED,
          "the loss of a batch of " + loss.targets() + " targets is " + loss.mean() + " after step "
              + steps() + ", expected a finite one; go on from an earlier checkpoint with a smaller"
              + " learning_rate or max_grad_norm",
          "learning_rate");
    }
    return loss;
  }

  /** The batch's summed loss, without dropout; not finite for a model that has diverged. Throws as {@link #accumulate} for a batch that does not fit. */
  public Loss evaluate(Batch batch) {
    Inputs inputs = inputs(batch);
    return inputs.targets() == 0 ? Loss.NONE : loss(TransformerScript.EVALUATE, inputs, 0);
  }

  private Loss loss(String method, Inputs inputs, long seed) {
    try (NDManager scope = manager.newSubManager()) {
      double sum = run(scope, method, inputs, seed).getFirst().toDoubleArray()[0];
      return new Loss(sum, inputs.targets());
    }
  }

  /** The logits, without dropout: a row for each token (of the decoder, for T5), or for each row of the batch where a row has one label. */
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
    NDList arguments = TransformerScript.arguments(scope, method);
    arguments.add(weights.values());
    if (method.equals(TransformerScript.ACCUMULATE)) {
      arguments.add(weights.gradient());
    }
    arguments.add(scope.create(new long[] {inputs.rows(), seed}));
    for (Input input : script.inputs(method)) {
      arguments.add(inputs.array(scope, input));
    }
    return TransformerScript.call(block, arguments);
  }

  /**
   * The gradient in buckets that are complete one after the other while it is computed. They end with the model.
   *
   * @param numbers that each bucket but the last has at least
   */
  public GradientBuckets buckets(long numbers) {
    TransformerScript.Parts parts = script.parts(numbers);
    var made = new GradientBuckets(
        this, weights, parts, PyTorch.load(manager, "Transformer", script.source(parts)));
    buckets.add(made);
    return made;
  }

  /** Forgets what was accumulated. */
  public void zeroGradient() {
    weights.zeroGradient();
  }

  /**
   * One step on the accumulated gradient, which is zero afterwards.
   *
   * @param scale what the gradient is multiplied by first: 1 / targets
   * @return the norm of the scaled gradient before it is limited
   * @throws AgentOsException {@code TRAINING_DIVERGED} when the norm is not finite; weights and moments stay as they were
   */
  public double step(double scale, OptimizerStep step) {
    return weights.step(scale, step);
  }

  /** The weights under Hugging Face's names. */
  public List<Tensor> weights() {
    return weights.tensors();
  }

  /** The accumulated gradient under the same names. */
  List<Tensor> gradients() {
    return weights.gradients();
  }

  /** All that later steps depend on: the weights, and the optimizer's moments and steps as {@code optimizer.*}. */
  public List<Tensor> state() {
    return weights.state();
  }

  /**
   * Takes over what {@link #state} gave, to the bit. The accumulated gradient is zero afterwards.
   *
   * @throws AgentOsException {@code CHECKPOINT_INVALID} when a tensor is missing or has another shape; nothing is changed
   */
  public void restore(Collection<Tensor> state) {
    weights.restore(state);
  }

  /**
   * Writes a model directory: {@code config.json}, which keeps what it said of special tokens and the like where the model was loaded from, and
   * {@code model.safetensors}.
   */
  public void save(Path directory) throws IOException {
    save(directory, others);
  }

  /** The same, with something else that {@code config.json} says besides the model's shape. */
  public void save(Path directory, ObjectNode others) throws IOException {
    ModelFiles.write(directory, config, others, weights());
  }

  NDManager newScope() {
    return manager.newSubManager();
  }

  /** Arrays in native memory between calls. */
  int nativeArrays() {
    return manager.getManagedArrays().size() + weights.nativeArrays();
  }

  @Override
  public void close() {
    buckets.forEach(GradientBuckets::close);
    block.close();
    manager.close();
    weights.close();
  }
}
