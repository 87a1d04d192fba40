package io.llmagentos.model.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.llmagentos.model.djl.PyTorch;
import io.llmagentos.model.training.FlatLayout.Range;
import io.llmagentos.model.training.Graph.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The script of one model: its methods, written out, behind the operators they use. */
final class TransformerScript {
  static final String ACCUMULATE = "accumulate";
  static final String EVALUATE = "evaluate";
  static final String RESULTS = "results";
  static final String LOGITS = "logits";
  static final String MERGE = "merge";

  private final Program program;
  private final FlatLayout layout;
  private final @Nullable Adapter adapter;
  private final EngineSettings settings;
  private final Map<String, List<Input>> inputs = new HashMap<>();
  private final List<String> results;
  private final String source;

  TransformerScript(
      Program program, FlatLayout layout, @Nullable Adapter adapter, EngineSettings settings) {
    this.program = program;
    this.layout = layout;
    this.adapter = adapter;
    this.settings = settings;
    Graph accumulate = loss(true);
    Graph evaluate = loss(false);
    Graph results = resultsGraph();
    this.results = results.outputs();
    source = source(
        settings,
        method(ACCUMULATE, accumulate)
            + method(EVALUATE, evaluate)
            + method(RESULTS, results)
            + (adapter == null ? "" : adapter.merge(MERGE)));
  }

  /** A script with these methods. */
  static String source(EngineSettings settings, String methods) {
    return PyTorch.source(TransformerScript.class, "operators.py")
        + settings.kernels().source(settings.precision())
        + "class Transformer(Module):\n  __parameters__ = []\n  __buffers__ = []\n"
        + methods;
  }

  private Graph loss(boolean training) {
    var graph = new Graph(layout, adapter, settings, training);
    Value x = program.head(graph, graph.rows(program.body(graph)));
    graph.clearOutputs();
    graph.crossEntropy(x, program.outputWeight(), program.outputBias());
    return graph;
  }

  private Graph resultsGraph() {
    var graph = new Graph(layout, adapter, settings, false);
    Value x = program.head(graph, graph.rows(program.body(graph)));
    graph.output(
        LOGITS, graph.single(graph.linear(x, program.outputWeight(), program.outputBias())));
    return graph;
  }

  private String method(String name, Graph graph) {
    ScriptMethod.Part whole = graph.method().whole(name);
    inputs.put(name, whole.inputs());
    return whole.source();
  }

  /**
   * {@link #ACCUMULATE} in parts.
   *
   * @param parts in their order; the first one returns the loss, in front of what it gives
   * @param ranges of the flat gradient that each part completes
   */
  record Parts(List<ScriptMethod.Part> parts, List<List<Range>> ranges) {}

  /** @param numbers of the gradient that each part but the last completes at least */
  Parts parts(long numbers) {
    Graph graph = loss(true);
    ScriptMethod method = graph.method();
    List<Integer> ends = graph.cuts(method, numbers);
    return new Parts(
        method.cut(ACCUMULATE, ends),
        graph.completed(method, ends).stream().map(layout::ranges).toList());
  }

  /** A script with these parts alone. */
  String source(Parts parts) {
    return source(
        settings,
        parts.parts().stream().map(ScriptMethod.Part::source).collect(Collectors.joining()));
  }

  String source() {
    return source;
  }

  /** What a method is called with, in order. */
  List<Input> inputs(String method) {
    return inputs.getOrDefault(method, List.of());
  }

  /** What {@link #RESULTS} returns, in order. */
  List<String> results() {
    return results;
  }

  /** The beginning of a call's arguments. Results attach to the manager of the first one. */
  static NDList arguments(NDManager scope, String method) {
    NDArray name = scope.create(0);
    name.setName("module_method:" + method);
    return new NDList(name);
  }

  static NDList call(PtSymbolBlock block, NDList arguments) {
    // The thread's own setting: without it the executor would specialise the graph for every shape.
    JniUtils.setGraphExecutorOptimize(false);
    return IValueUtils.forward(block, arguments, false);
  }
}
