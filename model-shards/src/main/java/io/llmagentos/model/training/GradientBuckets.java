package io.llmagentos.model.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import io.llmagentos.model.training.FlatLayout.Range;
import io.llmagentos.model.training.ScriptMethod.Part;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * A model's accumulated gradient in buckets, in the order in which a backward pass completes them: the last layers first, what is tied last. So those that are
 * complete can travel while the rest is computed. The pass is cut into a native call for each bucket and computes what the whole one does, to the bit. For the
 * thread of its model, with which it ends.
 */
public final class GradientBuckets {
  private final Transformer model;
  private final Weights weights;
  private final List<Part> parts;
  private final List<List<Range>> ranges;
  private final PtSymbolBlock block;

  GradientBuckets(
      Transformer model, Weights weights, TransformerScript.Parts parts, PtSymbolBlock block) {
    this.model = model;
    this.weights = weights;
    this.parts = parts.parts();
    this.ranges = parts.ranges();
    this.block = block;
  }

  public int size() {
    return parts.size();
  }

  /** How many numbers a bucket has, with those that fill cache lines. */
  public int width(int bucket) {
    return ranges.get(bucket).stream().mapToInt(Range::length).sum();
  }

  /**
   * As {@link Transformer#accumulate}, in parts.
   *
   * @param completed told of each bucket, in order, once this batch changes it no more; of none if the batch has nothing to learn
   */
  public Loss accumulate(Batch batch, long seed, double labelSmoothing, IntConsumer completed) {
    Inputs inputs = model.inputs(batch, labelSmoothing);
    Loss loss = Loss.NONE;
    if (inputs.targets() == 0) {
      return loss;
    }
    try (NDManager scope = model.newScope()) {
      NDArray numbers = scope.create(new long[] {inputs.rows(), seed});
      Map<Input, NDArray> arrays = new EnumMap<>(Input.class);
      Map<String, NDArray> live = new HashMap<>();
      for (int i = 0; i < parts.size(); i++) {
        Part part = parts.get(i);
        NDList arguments = TransformerScript.arguments(scope, part.name());
        arguments.addAll(List.of(weights.values(), weights.gradient(), numbers));
        part.takes().forEach(name -> arguments.add(Objects.requireNonNull(live.get(name))));
        part.inputs()
            .forEach(input -> arguments.add(
                arrays.computeIfAbsent(input, missing -> inputs.array(scope, missing))));
        NDList results = TransformerScript.call(block, arguments);
        if (i == 0) {
          double sum = results.removeFirst().toDoubleArray()[0];
          loss = model.requireFinite(new Loss(sum, inputs.targets()));
        }
        keep(i, results, live);
        completed.accept(i);
      }
    }
    return loss;
  }

  /** What later parts take stays, the rest is freed. */
  private void keep(int part, NDList results, Map<String, NDArray> live) {
    List<String> gives = parts.get(part).gives();
    for (int i = 0; i < gives.size(); i++) {
      NDArray result = results.get(i);
      result.setName("live[]");
      NDArray before = live.put(gives.get(i), result);
      if (before != null) {
        before.close();
      }
    }
    Set<String> needed = new HashSet<>();
    parts.subList(part + 1, parts.size()).forEach(later -> needed.addAll(later.takes()));
    live.entrySet().removeIf(entry -> {
      boolean over = !needed.contains(entry.getKey());
      if (over) {
        entry.getValue().close();
      }
      return over;
    });
  }

  /** Copies a bucket. */
  public void read(int bucket, float[] into) {
    weights.readGradient(ranges.get(bucket), into);
  }

  /** Replaces a bucket. */
  public void write(int bucket, float[] from) {
    weights.writeGradient(ranges.get(bucket), from);
  }

  void close() {
    block.close();
  }
}
