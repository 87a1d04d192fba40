package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.functions.FunctionSet;
import io.llmagentos.model.functions.FunctionSets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/** Scores a model on the dev files, each set with its own names, as JSON. */
final class Evaluation {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double[] CURVE = {-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6};

  private final FunctionSets sets;
  private final Path data;

  /** @param data the directory with the dev files */
  Evaluation(FunctionSets sets, Path data) {
    this.sets = sets;
    this.data = data;
  }

  private FunctionSet set(String name) {
    return sets.set(name);
  }

  private List<Example> examples(String set) throws IOException {
    return ExampleFiles.jsonLines(data.resolve(set + "-dev.jsonl"));
  }

  private static List<String> texts(List<Example> examples) {
    return examples.stream().map(Example::text).toList();
  }

  /** The figures of the three public sets, and the trade-off between those of CLINC150. */
  ObjectNode figures(GreedyCalls calls) throws IOException {
    ObjectNode figures = JSON.createObjectNode();
    for (String name : List.of(Mixture.HWU64, Mixture.BANKING77, Mixture.CLINC150)) {
      figures.set(name, figures(name, calls));
    }
    figures
        .withObject(Mixture.CLINC150)
        .put("none_bias", set(Mixture.CLINC150).noneBias())
        .set("by_none_bias", curve(calls));
    return figures;
  }

  /** The figures through a door, with the times of its answers. */
  ObjectNode figures(DoorCalls calls) throws IOException {
    ObjectNode figures = JSON.createObjectNode();
    for (String name : List.of(Mixture.HWU64, Mixture.BANKING77, Mixture.CLINC150)) {
      figures.set(name, figures(name, calls));
      figures.withObject(name).put("p50_ms", calls.millis(0.5)).put("p99_ms", calls.millis(0.99));
    }
    return figures;
  }

  private ObjectNode figures(String name, Calls calls) throws IOException {
    List<Example> examples = examples(name);
    List<Calls.Call> found = calls.of(set(name), texts(examples));
    ObjectNode node = JSON.createObjectNode().put("requests", examples.size());
    BiPredicate<Example, Calls.Call> rightFunction = (e, c) -> e.intent().equals(c.function());
    if (name.equals(Mixture.CLINC150)) {
      node.put("in_scope_accuracy", share(examples, found, Evaluation::inScope, rightFunction));
      node.put("out_of_scope_recall", share(examples, found, e -> !inScope(e), rightFunction));
    } else {
      node.put("intent_accuracy", share(examples, found, e -> true, rightFunction));
    }
    if (name.equals(Mixture.HWU64)) {
      node.put("exact_call", share(examples, found, e -> true, Evaluation::exact));
    }
    return node;
  }

  /** How many requests to one set are understood. */
  static ObjectNode figures(List<Example> examples, Calls calls, FunctionSet set)
      throws IOException {
    List<Calls.Call> found = calls.of(set, texts(examples));
    return JSON.createObjectNode()
        .put("requests", examples.size())
        .put(
            "function_accuracy",
            share(examples, found, e -> true, (e, c) -> e.intent().equals(c.function())))
        .put("exact_call", share(examples, found, e -> true, Evaluation::exact));
  }

  private static boolean inScope(Example example) {
    return !example.intent().equals(Example.OUT_OF_SCOPE);
  }

  private ArrayNode curve(GreedyCalls calls) throws IOException {
    List<Example> examples = examples(Mixture.CLINC150);
    List<GreedyCalls.Margin> margins = calls.margins(set(Mixture.CLINC150), texts(examples));
    ArrayNode curve = JSON.createArrayNode();
    for (double bias : CURVE) {
      curve
          .addObject()
          .put("none_bias", bias)
          .put(
              "in_scope_accuracy",
              share(
                  examples,
                  margins,
                  Evaluation::inScope,
                  (e, m) -> m.ofNone() + bias <= 0 && e.intent().equals(m.best())))
          .put(
              "out_of_scope_recall",
              share(examples, margins, e -> !inScope(e), (e, m) -> m.ofNone() + bias > 0));
    }
    return curve;
  }

  /** Whether the function, the names of the slots and all values are those of the example. */
  private static boolean exact(Example example, Calls.Call call) {
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

  /** The share of the chosen examples whose answer is right. */
  private static <T> double share(
      List<Example> examples,
      List<T> answers,
      Predicate<Example> chosen,
      BiPredicate<Example, T> right) {
    int good = 0;
    int all = 0;
    for (int i = 0; i < examples.size(); i++) {
      if (chosen.test(examples.get(i))) {
        all++;
        good += right.test(examples.get(i), answers.get(i)) ? 1 : 0;
      }
    }
    return Math.round(good * 10_000.0 / Math.max(1, all)) / 10_000.0;
  }

  /**
   * The largest bias of none, in steps of a tenth, with which at most this share of in-scope requests is turned away.
   */
  double noneBias(GreedyCalls calls, String set, List<Example> inScope, double share) {
    double[] margins = calls.margins(set(set), texts(inScope)).stream()
        .mapToDouble(GreedyCalls.Margin::ofNone)
        .sorted()
        .toArray();
    double smallestLost = margins[(int) Math.floor(margins.length * (1 - share))];
    return Math.floor(-smallestLost * 10) / 10;
  }

  /** Keeps the figures beside the model. */
  static void write(ObjectNode figures, Path model) throws IOException {
    JSON.writerWithDefaultPrettyPrinter()
        .writeValue(model.resolve("figures.json").toFile(), figures);
  }
}
