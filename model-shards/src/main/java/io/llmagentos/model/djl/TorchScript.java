package io.llmagentos.model.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.FloatBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Differentiable functions in TorchScript over flat float32 parameters: methods {@code (self, p: List[Tensor], x: Tensor, ..., constants: Tensor) -> Tensor}
 * of a class without attributes. Numbers go in and come out as Java arrays, which belong to the caller; between calls no native memory is held but the program's.
 * Thread-safe: calls share nothing. A thread's grad mode is off after a call. After {@link #close} there are no calls.
 */
public final class TorchScript implements AutoCloseable {
  /**
   * What a method is called with.
   *
   * @param parameters flat
   * @param at where they begin
   * @param shapes lengths of the dimensions of the tensors in {@code p}, which lie one after the other
   * @param inputs x and what else there is between the parameters and the constants
   * @param constants numbers that the program is told, float64
   */
  public record Call(
      String method,
      float[] parameters,
      int at,
      List<long[]> shapes,
      List<Input> inputs,
      double[] constants) {
    public Call {
      shapes = List.copyOf(shapes);
      inputs = List.copyOf(inputs);
    }
  }

  /** A tensor of at least as many numbers as its shape says. */
  public record Input(float[] numbers, long[] shape) {}

  private final PtNDManager manager;
  private final PtSymbolBlock block;

  /** @param source serialised TorchScript that defines {@code className} */
  public TorchScript(String className, String source) {
    this.manager = PyTorch.newManager();
    this.block = PyTorch.load(manager, className, source);
  }

  /** Writes the result, row by row, to {@code outputs}. */
  public void forward(Call call, float[] outputs) {
    try (NDManager scope = manager.newSubManager()) {
      NDList leaves = leaves(scope, call);
      float[] result = result(scope, call, leaves, inputs(scope, call), false).toFloatArray();
      System.arraycopy(result, 0, outputs, 0, result.length);
    }
  }

  /**
   * Computes the result again and its vector-Jacobian product.
   *
   * @param outputGradients of the result, at least as many numbers
   * @param parameterGradients receives those of the parameters at {@code at ..}; overwritten
   * @param inputGradients receives those of x, if it is there; overwritten
   */
  public void backward(
      Call call,
      float[] outputGradients,
      float[] parameterGradients,
      int at,
      float @Nullable [] inputGradients) {
    JniUtils.setGradMode(true);
    try (NDManager scope = manager.newSubManager()) {
      NDList leaves = leaves(scope, call);
      NDList inputs = inputs(scope, call);
      NDArray x = inputs.head();
      leaves.forEach(leaf -> leaf.setRequiresGradient(true));
      x.setRequiresGradient(inputGradients != null);
      NDArray result = result(scope, call, leaves, inputs, true);
      NDArray slopes = array(scope, outputGradients, 0, result.getShape());
      JniUtils.backward((PtNDArray) result, (PtNDArray) slopes, false, false);
      int to = at;
      for (NDArray leaf : leaves) {
        to += copy(leaf.getGradient(), parameterGradients, to);
      }
      if (inputGradients != null) {
        copy(x.getGradient(), inputGradients, 0);
      }
    } finally {
      JniUtils.setGradMode(false);
    }
  }

  private NDArray result(NDManager scope, Call call, NDList leaves, NDList inputs, boolean train) {
    // The thread's own setting: without it the executor would specialise the graph for every shape.
    JniUtils.setGraphExecutorOptimize(false);
    // Results attach to the manager of the first argument.
    NDArray name = scope.create(0);
    name.setName("module_method:" + call.method());
    var arguments = new NDList(name);
    arguments.addAll(leaves);
    arguments.addAll(inputs);
    arguments.add(scope.create(call.constants()));
    return IValueUtils.forward(block, arguments, train).singletonOrThrow();
  }

  private static NDList leaves(NDManager scope, Call call) {
    var leaves = new NDList();
    int from = call.at();
    for (long[] lengths : call.shapes()) {
      Shape shape = new Shape(lengths);
      NDArray leaf = array(scope, call.parameters(), from, shape);
      // Arguments with the same name become one List[Tensor].
      leaf.setName("p[]");
      leaves.add(leaf);
      from += Math.toIntExact(shape.size());
    }
    return leaves;
  }

  private static NDList inputs(NDManager scope, Call call) {
    var inputs = new NDList();
    for (Input input : call.inputs()) {
      inputs.add(array(scope, input.numbers(), 0, new Shape(input.shape())));
    }
    return inputs;
  }

  private static NDArray array(NDManager scope, float[] numbers, int from, Shape shape) {
    return scope.create(FloatBuffer.wrap(numbers, from, Math.toIntExact(shape.size())), shape);
  }

  private static int copy(NDArray from, float[] to, int at) {
    float[] numbers = from.toFloatArray();
    System.arraycopy(numbers, 0, to, at, numbers.length);
    return numbers.length;
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }
}
