package io.llmagentos.model.training;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.training.Graph.Value;
import io.llmagentos.model.weights.Parameter;
import io.llmagentos.model.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Some operations on given numbers: the result, and the gradients for a given gradient of the result. */
final class GraphRun {
  private final Map<String, float[]> numbers = new LinkedHashMap<>();
  private final List<Parameter> parameters = new ArrayList<>();
  private final Map<Input, long[]> inputs = new LinkedHashMap<>();

  /** A parameter; read it as a matrix by {@link #rows}. */
  GraphRun with(String name, float[] values, long... shape) {
    numbers.put(name, values);
    parameters.add(new Parameter(name, shape, 0, 0, -1));
    return this;
  }

  GraphRun with(Input input, long... values) {
    inputs.put(input, values);
    return this;
  }

  /** The first {@code count} rows of a parameter. */
  static Value rows(Graph graph, String parameter, int count) {
    String ids = "rows_" + parameter;
    graph.define(ids + " = torch.arange(" + count + ")");
    return graph.embedding(parameter, ids, -1);
  }

  record Result(float[] y, Map<String, float[]> gradients) {
    float[] gradient(String name) {
      return gradients.getOrDefault(name, new float[0]);
    }
  }

  /** @param slopes the gradient of the result, row by row; empty where the operation itself begins the backward pass */
  Result run(EngineSettings settings, float[] slopes, Function<Graph, Value> operations) {
    var layout = new FlatLayout(parameters);
    var graph = new Graph(layout, settings, true);
    Value y = operations.apply(graph);
    if (slopes.length > 0) {
      graph.seed(
          y,
          "torch.view_as(torch.tensor(%s, dtype=6), %s)"
              .formatted(Arrays.toString(slopes), y.name()));
    }
    graph.output("y", y);
    ScriptMethod.Part method = graph.method().whole("run");
    String source = TransformerScript.source(settings, method.source());
    try (var weights = new Weights(layout, p -> numbers.getOrDefault(p.name(), new float[0]));
        PtNDManager manager = PyTorch.newManager();
        PtSymbolBlock block = PyTorch.load(manager, "Transformer", source);
        NDManager scope = manager.newSubManager()) {
      NDList arguments = TransformerScript.arguments(scope, "run");
      arguments.add(weights.values());
      arguments.add(weights.gradient());
      arguments.add(scope.create(new long[] {1, 0}));
      for (Input input : method.inputs()) {
        long[] values = inputs.getOrDefault(input, new long[0]);
        arguments.add(scope.create(values, new Shape(values.length)));
      }
      var result = TransformerScript.call(block, arguments).getFirst();
      float[] found = result.getDataType().isFloating() && result.getShape().dimension() > 0
          ? result.toFloatArray()
          : new float[] {(float) result.toDoubleArray()[0]};
      Map<String, float[]> gradients = new LinkedHashMap<>();
      for (Tensor tensor : weights.gradients()) {
        gradients.put(tensor.name(), tensor.toFloats());
      }
      return new Result(found, gradients);
    }
  }
}
