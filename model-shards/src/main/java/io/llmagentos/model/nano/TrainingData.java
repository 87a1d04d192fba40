package io.llmagentos.model.nano;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * The training examples of the four sets, and those kept aside to choose the bias of {@code <|none|>}.
 *
 * @param sets the sets by name, in the order of their tags
 * @param examples what is learnt, by set
 * @param aside in-scope requests that are not learnt, by set
 * @param outside requests out of CLINC150's scope, borrowed from HWU64
 */
record TrainingData(
    Map<String, FunctionSet> sets,
    Map<String, List<Labelled>> examples,
    Map<String, List<Example>> aside,
    List<Labelled> outside) {
  private static final int CLINC_ASIDE_PER_INTENT = 5;
  private static final int HWU_ASIDE_PER_INTENT = 3;

  /** An example; with {@code functionOnly} nothing is known of its slots. */
  record Labelled(Example example, boolean functionOnly) {}

  static TrainingData read(Path directory) throws IOException {
    List<Example> hwu = ExampleFiles.jsonLines(directory.resolve("hwu64-train.jsonl"));
    List<Example> banking = ExampleFiles.jsonLines(directory.resolve("banking77-train.jsonl"));
    List<Example> clinc = ExampleFiles.jsonLines(directory.resolve("clinc150-train.jsonl"));
    Map<String, String> overlap = ExampleFiles.overlap();
    List<Example> own = ExampleFiles.ownSentences();
    Set<Example> hwuAside = aside(hwu, HWU_ASIDE_PER_INTENT);
    Set<Example> clincAside = aside(clinc, CLINC_ASIDE_PER_INTENT);

    var assistant = new ArrayList<Labelled>();
    hwu.forEach(e -> assistant.add(new Labelled(e, false)));
    clinc.forEach(e -> assistant.addAll(forAssistant(e, overlap)));
    var assistantAside = new ArrayList<Example>(hwuAside);
    for (Example example : clincAside) {
      forAssistant(example, overlap).forEach(l -> assistantAside.add(l.example()));
    }
    var sets = new LinkedHashMap<String, FunctionSet>();
    sets.put(FunctionSet.HWU64, FunctionSet.of(FunctionSet.HWU64, hwu));
    sets.put(FunctionSet.BANKING77, FunctionSet.of(FunctionSet.BANKING77, banking));
    sets.put(FunctionSet.CLINC150, FunctionSet.of(FunctionSet.CLINC150, clinc));
    sets.put(
        FunctionSet.ASSISTANT,
        FunctionSet.of(
            FunctionSet.ASSISTANT, assistant.stream().map(Labelled::example).toList()));

    var kept = new HashSet<Example>(assistantAside);
    assistant.removeIf(l -> kept.contains(l.example()));
    own.forEach(e -> assistant.add(new Labelled(e, false)));
    var examples = new LinkedHashMap<String, List<Labelled>>();
    examples.put(FunctionSet.HWU64, labelled(hwu, hwuAside));
    examples.put(FunctionSet.BANKING77, labelled(banking, Set.of()));
    examples.put(FunctionSet.CLINC150, labelled(clinc, clincAside));
    examples.put(FunctionSet.ASSISTANT, assistant);

    Set<String> outsideIntents = new HashSet<>(ExampleFiles.outsideClinc());
    List<Labelled> outside = hwu.stream()
        .filter(e -> outsideIntents.contains(e.intent()) && !hwuAside.contains(e))
        .map(e -> new Labelled(new Example(e.text(), FunctionSet.OUT_OF_SCOPE, List.of()), false))
        .toList();
    return new TrainingData(
        sets,
        examples,
        Map.of(
            FunctionSet.CLINC150, List.copyOf(clincAside), FunctionSet.ASSISTANT, assistantAside),
        outside);
  }

  /** What a CLINC150 example says to the assistant: under HWU64's name only the function, for it marks no slots. */
  static List<Labelled> forAssistant(Example example, Map<String, String> overlap) {
    String name = overlap.getOrDefault(example.intent(), example.intent());
    if (name.equals("-")) {
      return List.of();
    }
    boolean renamed = overlap.containsKey(example.intent());
    return List.of(new Labelled(new Example(example.text(), name, List.of()), renamed));
  }

  /** The same few requests of every intent for any seed of the training. */
  private static Set<Example> aside(List<Example> examples, int perIntent) {
    var shuffled = new ArrayList<>(examples);
    Collections.shuffle(shuffled, new Random(77));
    var counts = new HashMap<String, Integer>();
    var chosen = new java.util.LinkedHashSet<Example>();
    for (Example example : shuffled) {
      if (!example.intent().equals(FunctionSet.OUT_OF_SCOPE)
          && counts.merge(example.intent(), 1, Integer::sum) <= perIntent) {
        chosen.add(example);
      }
    }
    return chosen;
  }

  private static List<Labelled> labelled(List<Example> examples, Set<Example> without) {
    return examples.stream()
        .filter(e -> !without.contains(e))
        .map(e -> new Labelled(e, false))
        .toList();
  }
}
