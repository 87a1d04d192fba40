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
import io.llmagentos.model.weights.SafetensorsWriter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A transformer that learns, on libtorch, through a script that is written for the model: a batch is one native call, a step of the optimizer another.
 * For one thread at a time; results repeat to the bit for the same seeds, settings and number of threads inside an operator. Arrays belong to the
 * caller; tensors are views of native memory, valid until {@link #close}.
 */
public final class Transformer implements AutoCloseable {
  public static final String ADAPTER_CONFIG = "adapter_config.json";
  public static final String ADAPTER_WEIGHTS = "adapter_model.safetensors";

  private final TransformerConfig config;
  private final EngineSettings settings;
  private final Program program;
  private final PtNDManager manager;
  private final List<GradientBuckets> buckets = new ArrayList<>();
  /** What {@code config.json} says besides. */
  private final ObjectNode others;

  private FlatLayout layout;
  private TransformerScript script;
  private PtSymbolBlock block;
  private Weights weights;
  private @Nullable Adapter adapter;

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
    script = new TransformerScript(program, layout, null, settings);
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
   * @param ignoreMismatchedSizes whether what the files have of the head in another shape begins anew too
   * @throws AgentOsException as {@link #load}; {@code MODEL_FILE_CORRUPT} too when something else is missing
   */
  public static Transformer adapt(
      Path directory,
      TransformerConfig config,
      EngineSettings settings,
      long seed,
      boolean ignoreMismatchedSizes) {
    Function<Parameter, float[]> drawn = drawn(seed);
    try (ModelFiles files = ModelFiles.open(directory)) {
      ObjectNode others = ModelFiles.config(directory);
      return new Transformer(config, settings, others, parameter -> {
        float[] fresh = drawn.apply(parameter);
        boolean there = ignoreMismatchedSizes ? files.has(parameter) : files.has(parameter.name());
        return parameter.head() && !there ? fresh : files.tensor(parameter).toFloats();
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

  /**
   * From now on an adapter learns, and the weights stay as they are: they have no gradient and no moments. At first it changes nothing. The optimizer begins anew.
   *
   * @param seed of what is drawn
   * @throws AgentOsException {@code SETTINGS_INVALID} when the model lacks a module that {@code lora} names; nothing is changed
   */
  public void addAdapter(LoraConfig lora, long seed) {
    if (adapter != null) {
      throw new IllegalStateException("the model has an adapter");
    }
    Adapter added = new Adapter(config, lora);
    Weights before = weights;
    weights = new Weights(added.layout(), added.initial(seed, before::values));
    before.close();
    block.close();
    adapter = added;
    layout = added.layout();
    script = new TransformerScript(program, layout, added, settings);
    block = PyTorch.load(manager, "Transformer", script.source());
  }

  public boolean hasAdapter() {
    return adapter != null;
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
   * Adds the gradient of the batch's summed loss to the accumulated one.
   *
   * @see #accumulate(Batch, long, double)
   */
  public Loss accumulate(Batch batch, long seed) {
    return accumulate(batch, seed, 0);
  }

  /**
   * Adds the gradient of the batch's summed loss to the accumulated one, with dropout drawn from {@code seed}.
   *
   * @param labelSmoothing how much of each target is spread evenly over all labels (Szegedy et al. 2016), as Hugging Face's {@code label_smoothing_factor}
   * @throws AgentOsException {@code INVALID_REQUEST} or {@code CONTEXT_LENGTH_EXCEEDED} for a batch that does not fit the model, nothing is changed;
   *     {@code TRAINING_DIVERGED} when the loss is not finite, the accumulated gradient is then zero
   */
  public Loss accumulate(Batch batch, long seed, double labelSmoothing) {
    Inputs inputs = inputs(batch, labelSmoothing);
    if (inputs.targets() == 0) {
      return Loss.NONE;
    }
    try (NDManager scope = manager.newSubManager()) {
      NDList results = run(scope, TransformerScript.ACCUMULATE, inputs, seed);
      return requireFinite(new Loss(results.getFirst().toDoubleArray()[0], inputs.targets()));
    }
  }

  Inputs inputs(Batch batch, double labelSmoothing) {
    return new Inputs(config, program, batch, labelSmoothing);
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

  /**
   * The batch's summed loss and what the model predicts, without dropout. The loss of a model that has diverged is not finite.
   *
   * @see #evaluate(Batch, double)
   */
  public Evaluated evaluate(Batch batch) {
    return evaluate(batch, 0);
  }

  /** The same with smoothed targets. Throws as {@link #accumulate} for a batch that does not fit. */
  public Evaluated evaluate(Batch batch, double labelSmoothing) {
    var inputs = new Inputs(config, program, batch, labelSmoothing);
    if (inputs.targets() == 0) {
      return Evaluated.NOTHING;
    }
    try (NDManager scope = manager.newSubManager()) {
      NDList results = run(scope, TransformerScript.EVALUATE, inputs, 0);
      Loss loss = new Loss(results.get(0).toDoubleArray()[0], inputs.targets());
      return new Evaluated(loss, ints(results.get(1).toLongArray()), inputs.labels());
    }
  }

  private static int[] ints(long[] values) {
    return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
  }

  /** The logits, without dropout: a row for each token (of the decoder, for T5), or for each row of the batch where a row has one label. */
  public float[][] logits(Batch batch) {
    return results(batch).getOrDefault(TransformerScript.LOGITS, new float[0][]);
  }

  /** Logits and hidden states by name, [rows][width]. */
  Map<String, float[][]> results(Batch batch) {
    var inputs = new Inputs(config, program, batch);
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

  /** How many numbers a gradient is: those of what is learnt. */
  int gradientWidth() {
    return layout.width();
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

  /** The weights under Hugging Face's names; with an adapter added to them, if there is one, as copies. */
  public List<Tensor> weights() {
    if (adapter == null) {
      return weights.tensors();
    }
    try (NDManager scope = manager.newSubManager()) {
      return merged(scope).stream()
          .map(tensor -> Tensor.of(tensor.name(), tensor.toFloats(), tensor.shape()))
          .toList();
    }
  }

  /** Views of memory that lasts as long as the scope. */
  private List<Tensor> merged(NDManager scope) {
    NDList arguments = TransformerScript.arguments(scope, TransformerScript.MERGE);
    arguments.add(weights.values());
    NDArray merged = TransformerScript.call(block, arguments).getFirst();
    return config.parameters().stream()
        .map(parameter -> layout.tensor(merged, parameter, parameter.name()))
        .toList();
  }

  /** The accumulated gradient under the same names. */
  List<Tensor> gradients() {
    return weights.gradients();
  }

  /** All that later steps depend on: the weights that learn, and the optimizer's moments and steps as {@code optimizer.*}. */
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
   * Writes what has learnt of a model with an adapter as PEFT does: {@value #ADAPTER_CONFIG} and {@value #ADAPTER_WEIGHTS}.
   *
   * @see #adapterTensors
   */
  public void saveAdapter(Path directory) throws IOException {
    ObjectNode json = Objects.requireNonNull(adapter, "no adapter").toJson();
    Files.createDirectories(directory);
    List<Tensor> tensors = weights.tensors().stream()
        .map(tensor -> tensor.withName(Adapter.PREFIX + tensor.name()))
        .toList();
    SafetensorsWriter.write(directory.resolve(ADAPTER_WEIGHTS), tensors, Map.of("format", "pt"));
    Files.writeString(directory.resolve(ADAPTER_CONFIG), json.toPrettyString());
  }

  /** What {@link #saveAdapter} wrote, under the names of {@link #state}. */
  public static List<Tensor> adapterTensors(ModelFiles files) {
    return files.tensors().stream()
        .map(tensor -> tensor.name().startsWith(Adapter.PREFIX)
            ? tensor.withName(tensor.name().substring(Adapter.PREFIX.length()))
            : tensor)
        .toList();
  }

  /**
   * Writes a model directory: {@code config.json}, which keeps what it said of special tokens and the like where the model was loaded from, and
   * {@code model.safetensors}, in which an adapter is added to the weights.
   */
  public void save(Path directory) throws IOException {
    save(directory, others);
  }

  /** The same, with something else that {@code config.json} says besides the model's shape. */
  public void save(Path directory, ObjectNode others) throws IOException {
    if (adapter == null) {
      ModelFiles.write(directory, config, others, weights.tensors());
      return;
    }
    try (NDManager scope = manager.newSubManager()) {
      ModelFiles.write(directory, config, others, merged(scope));
    }
  }

  NDManager newScope() {
    return manager.newSubManager();
  }

  /** Arrays in native memory between calls. */
  int nativeArrays() {
    return manager.getManagedArrays().size() + weights.nativeArrays();
  }

  /** Numbers of weights, gradients and moments in native memory. */
  long nativeNumbers() {
    return weights.nativeNumbers();
  }

  @Override
  public void close() {
    buckets.forEach(GradientBuckets::close);
    block.close();
    manager.close();
    weights.close();
  }
}
