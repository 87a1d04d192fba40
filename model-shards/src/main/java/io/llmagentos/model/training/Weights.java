package io.llmagentos.model.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.training.FlatLayout.Range;
import io.llmagentos.model.training.OptimizerStep.AdamW;
import io.llmagentos.model.training.OptimizerStep.Sgd;
import io.llmagentos.model.weights.Parameter;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Weights, and of those that are learnt the gradient that accumulates and the optimizer's moments: each one float32 vector in native memory, which is there from
 * its first use on; and the steps of an optimizer, each one native call.
 */
final class Weights implements AutoCloseable {
  private static final String FIRST = "optimizer.exp_avg.";
  private static final String SECOND = "optimizer.exp_avg_sq.";
  private static final String STEPS = "optimizer.step";

  private final FlatLayout layout;
  private final PtNDManager manager;
  private final PtSymbolBlock optimizer;
  private final Vector values;
  private final Vector gradient;
  private final Vector first;
  private final Vector second;
  private long steps;

  Weights(FlatLayout layout, Function<Parameter, float[]> initial) {
    this.layout = layout;
    manager = PyTorch.newManager();
    optimizer = PyTorch.load(manager, "Optimizer", PyTorch.source(Weights.class, "optimizer.py"));
    values = new Vector(layout.total(), "d", "p");
    gradient = new Vector(layout.width(), "gd", "gp");
    first = new Vector(layout.width(), "md", "mp");
    second = new Vector(layout.width(), "vd", "vp");
    layout.all().forEach(p -> values.put(p, initial.apply(p)));
  }

  /** All weights, for a script. */
  NDArray values() {
    return values.whole();
  }

  /** A copy of a parameter. */
  float[] values(Parameter parameter) {
    return values.tensor(parameter.name(), parameter).toFloats();
  }

  /** The accumulated gradient, for a script. */
  NDArray gradient() {
    return gradient.whole();
  }

  long steps() {
    return steps;
  }

  /** Copies parts of the accumulated gradient, one behind the other. */
  void readGradient(List<Range> ranges, float[] into) {
    int at = 0;
    for (Range range : ranges) {
      gradient.floats().get(range.from(), into, at, range.length());
      at += range.length();
    }
  }

  /** The other way round. */
  void writeGradient(List<Range> ranges, float[] from) {
    int at = 0;
    for (Range range : ranges) {
      gradient.floats().put(range.from(), from, at, range.length());
      at += range.length();
    }
  }

  void zeroGradient() {
    try (NDManager scope = manager.newSubManager()) {
      NDList arguments = TransformerScript.arguments(scope, "zero");
      gradient.addTo(arguments);
      TransformerScript.call(optimizer, arguments);
    }
  }

  /** One step on the accumulated gradient times {@code scale}; it is zero afterwards. Returns the norm before it is limited. */
  double step(double scale, OptimizerStep step) {
    double norm;
    try (NDManager scope = manager.newSubManager()) {
      NDList arguments = TransformerScript.arguments(scope, step instanceof Sgd ? "sgd" : "adamw");
      List.of(values, gradient, first).forEach(vector -> vector.addTo(arguments));
      switch (step) {
        case AdamW a -> {
          second.addTo(arguments);
          arguments.add(scope.create(new double[] {
            scale, a.maxNorm(), a.rate(), a.beta1(), a.beta2(), a.epsilon(), a.decay(), steps + 1
          }));
        }
        case Sgd s ->
          arguments.add(scope.create(new double[] {scale, s.maxNorm(), s.rate(), s.momentum()}));
      }
      norm = TransformerScript.call(optimizer, arguments).getFirst().toFloatArray()[0];
    }
    if (!Double.isFinite(norm)) {
      throw new AgentOsException(
          ErrorCode.TRAINING_DIVERGED,
          "the norm of the gradient of step " + (steps + 1) + " is " + norm
              + ", expected a finite one; go on from an earlier checkpoint with a smaller"
              + " learning_rate",
          "learning_rate");
    }
    steps++;
    return norm;
  }

  /** Views of the weights that are learnt. */
  List<Tensor> tensors() {
    return tensors(values, "");
  }

  /** Views of the accumulated gradient. */
  List<Tensor> gradients() {
    return tensors(gradient, "");
  }

  /** Views of all that later steps depend on. */
  List<Tensor> state() {
    List<Tensor> all = new ArrayList<>(tensors());
    all.addAll(tensors(first, FIRST));
    all.addAll(tensors(second, SECOND));
    all.add(Tensor.of(STEPS, new float[] {steps}, 1));
    return all;
  }

  /** Takes over what {@link #state} gave; nothing is changed unless everything fits. */
  void restore(Collection<Tensor> state) {
    Map<String, Tensor> found =
        state.stream().collect(Collectors.toMap(Tensor::name, Function.identity()));
    state().forEach(mine -> require(found, mine));
    layout.parameters().forEach(p -> {
      values.put(p, floats(found, p.name()));
      first.put(p, floats(found, FIRST + p.name()));
      second.put(p, floats(found, SECOND + p.name()));
    });
    steps = (long) floats(found, STEPS)[0];
    zeroGradient();
  }

  private static float[] floats(Map<String, Tensor> tensors, String name) {
    Tensor tensor = tensors.get(name);
    return tensor == null ? new float[0] : tensor.toFloats();
  }

  private static void require(Map<String, Tensor> found, Tensor expected) {
    Tensor tensor = found.get(expected.name());
    if (tensor == null) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "the checkpoint has no tensor " + expected.name() + ", expected one of shape "
              + Arrays.toString(expected.shape()));
    }
    if (!Arrays.equals(tensor.shape(), expected.shape()) || tensor.dtype() != expected.dtype()) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "the checkpoint's tensor " + expected.name() + " is " + tensor.dtype()
              + Arrays.toString(tensor.shape()) + ", expected " + expected.dtype()
              + Arrays.toString(expected.shape()));
    }
  }

  private List<Tensor> tensors(Vector vector, String prefix) {
    return layout.parameters().stream()
        .map(p -> vector.tensor(prefix + p.name(), p))
        .toList();
  }

  int nativeArrays() {
    return manager.getManagedArrays().size();
  }

  /** Numbers in native memory. */
  long nativeNumbers() {
    return Stream.of(values, gradient, first, second)
        .filter(vector -> vector.whole != null)
        .mapToLong(vector -> vector.length)
        .sum();
  }

  @Override
  public void close() {
    optimizer.close();
    manager.close();
  }

  /** A number for each parameter, in native memory that all views share. */
  private final class Vector {
    private final int length;
    private final String decaying;
    private final String others;
    private @Nullable PtNDArray whole;

    Vector(int length, String decaying, String others) {
      this.length = length;
      this.decaying = decaying;
      this.others = others;
    }

    PtNDArray whole() {
      PtNDArray there = whole;
      if (there == null) {
        there = (PtNDArray) manager.zeros(new Shape(length));
        whole = there;
      }
      return there;
    }

    /** The parts that are learnt, each of which becomes a list of one for the script: an operator's changes count only in lists that are arguments. */
    void addTo(NDList arguments) {
      NDManager scope = arguments.getFirst().getManager();
      add(arguments, scope, decaying, 0, layout.decaying());
      add(arguments, scope, others, layout.decaying(), layout.width());
    }

    private void add(NDList arguments, NDManager scope, String name, int from, int to) {
      PtNDArray part = JniUtils.slice(whole(), 0, from, to, 1);
      part.attach(scope);
      part.setName(name + "[]");
      arguments.add(part);
    }

    /** The memory itself. */
    FloatBuffer floats() {
      return whole().toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    void put(Parameter parameter, float[] numbers) {
      floats().put(layout.offset(parameter.name()), numbers);
    }

    Tensor tensor(String name, Parameter parameter) {
      return layout.tensor(whole(), parameter, name);
    }
  }
}
