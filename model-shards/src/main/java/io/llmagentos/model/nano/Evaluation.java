package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.BytePairTokenizer;
import io.llmagentos.model.training.Decoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Scores a model on the dev files, each set with its own names, and writes the figures as JSON. */
final class Evaluation {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double[] CURVE = {-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6};

  private final Decoder decoder;
  private final BytePairTokenizer tokenizer;
  private final Map<String, FunctionSet> sets;
  private final Map<String, Double> noneBias;

  Evaluation(
      Decoder decoder,
      BytePairTokenizer tokenizer,
      Map<String, FunctionSet> sets,
      Map<String, Double> noneBias) {
    this.decoder = decoder;
    this.tokenizer = tokenizer;
    this.sets = sets;
    this.noneBias = noneBias;
  }

  /** The figures of the three public sets. */
  ObjectNode figures(Path data) throws IOException {
    ObjectNode figures = JSON.createObjectNode();
    for (String name : List.of(FunctionSet.HWU64, FunctionSet.BANKING77, FunctionSet.CLINC150)) {
      List<Example> examples = ExampleFiles.jsonLines(data.resolve(name + "-dev.jsonl"));
      List<GreedyCalls.Call> calls = calls(name, examples);
      ObjectNode node = figures.putObject(name).put("requests", examples.size());
      if (name.equals(FunctionSet.CLINC150)) {
        outOfScope(node, examples, calls);
      } else {
        node.put(
            "intent_accuracy", share(examples, calls, (e, c) -> e.intent().equals(c.function())));
      }
      if (name.equals(FunctionSet.HWU64)) {
        node.put("exact_call", share(examples, calls, Evaluation::exact));
      }
    }
    return figures;
  }

  List<GreedyCalls.Call> calls(String set, List<Example> examples) {
    var greedy = new GreedyCalls(
        decoder,
        tokenizer,
        Objects.requireNonNull(sets.get(set), set),
        noneBias.getOrDefault(set, 0.0));
    return greedy.of(examples.stream().map(Example::text).toList());
  }

  private void outOfScope(ObjectNode node, List<Example> examples, List<GreedyCalls.Call> calls) {
    double bias = noneBias.getOrDefault(FunctionSet.CLINC150, 0.0);
    node.put("none_bias", bias);
    node.put("in_scope_accuracy", inScope(examples, calls, bias));
    node.put("out_of_scope_recall", recall(examples, calls, bias));
    ArrayNode curve = node.putArray("by_none_bias");
    for (double other : CURVE) {
      curve
          .addObject()
          .put("none_bias", other)
          .put("in_scope_accuracy", inScope(examples, calls, other))
          .put("out_of_scope_recall", recall(examples, calls, other));
    }
  }

  private static double inScope(List<Example> examples, List<GreedyCalls.Call> calls, double bias) {
    int right = 0;
    int all = 0;
    for (int i = 0; i < examples.size(); i++) {
      if (!examples.get(i).intent().equals(FunctionSet.OUT_OF_SCOPE)) {
        all++;
        boolean taken = calls.get(i).margin() + bias <= 0;
        right += taken && examples.get(i).intent().equals(calls.get(i).best()) ? 1 : 0;
      }
    }
    return rounded(right, all);
  }

  private static double recall(List<Example> examples, List<GreedyCalls.Call> calls, double bias) {
    int right = 0;
    int all = 0;
    for (int i = 0; i < examples.size(); i++) {
      if (examples.get(i).intent().equals(FunctionSet.OUT_OF_SCOPE)) {
        all++;
        right += calls.get(i).margin() + bias > 0 ? 1 : 0;
      }
    }
    return rounded(right, all);
  }

  /** Whether the function, the names of the slots and all values are those of the example. */
  private static boolean exact(Example example, GreedyCalls.Call call) {
    var expected = new ArrayList<String>();
    example.slots().forEach(s -> expected.add(s.name() + "=" + lower(example.value(s))));
    var found = new ArrayList<String>();
    call.arguments().forEach(a -> found.add(a.slot() + "=" + lower(a.value())));
    expected.sort(null);
    found.sort(null);
    return example.intent().equals(call.function()) && expected.equals(found);
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  private interface Judge {
    boolean right(Example example, GreedyCalls.Call call);
  }

  private static double share(List<Example> examples, List<GreedyCalls.Call> calls, Judge judge) {
    int right = 0;
    for (int i = 0; i < examples.size(); i++) {
      right += judge.right(examples.get(i), calls.get(i)) ? 1 : 0;
    }
    return rounded(right, examples.size());
  }

  private static double rounded(int part, int whole) {
    return Math.round(part * 10_000.0 / Math.max(1, whole)) / 10_000.0;
  }

  /**
   * The largest bias of none, in steps of a tenth, with which at most this share of in-scope requests is turned away.
   */
  double noneBias(String set, List<Example> inScope, double share) {
    double[] margins = calls(set, inScope).stream()
        .mapToDouble(GreedyCalls.Call::margin)
        .sorted()
        .toArray();
    double smallestLost = margins[(int) Math.floor(margins.length * (1 - share))];
    return Math.floor(-smallestLost * 10) / 10;
  }
}
