package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * What agentos-nano learns from: the three public sets with their own names, and the assistant's, which has HWU64's functions, those of CLINC150 that HWU64 lacks,
 * and sentences of our own. The same files give the same rows.
 *
 * @param rows of {@code tools/finetune}
 * @param aside in-scope requests that are not learnt, by set: they choose the bias of none
 */
record Mixture(List<Labelled> rows, Map<String, List<Example>> aside) {
  static final String HWU64 = "hwu64";
  static final String BANKING77 = "banking77";
  static final String CLINC150 = "clinc150";
  static final String ASSISTANT = "assistant";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CLINC_ASIDE_PER_INTENT = 5;
  private static final int HWU_ASIDE_PER_INTENT = 3;
  private static final int OUT_OF_SCOPE_REPEATS = 4;
  private static final int OWN_REPEATS = 6;
  private static final int OUTSIDE = 600;
  private static final int GIBBERISH = 1000;
  private static final int SHORTEST_GIBBERISH = 3;
  private static final int GIBBERISH_LENGTHS = 7;
  private static final int SEED = 77;

  /** An example of a set; with {@code functionOnly} nothing is known of its slots. */
  record Labelled(String set, Example example, boolean functionOnly) {}

  static Mixture read(Path directory) throws IOException {
    List<Example> hwu = ExampleFiles.jsonLines(directory.resolve("hwu64-train.jsonl"));
    List<Example> banking = ExampleFiles.jsonLines(directory.resolve("banking77-train.jsonl"));
    List<Example> clinc = ExampleFiles.jsonLines(directory.resolve("clinc150-train.jsonl"));
    Set<Example> hwuAside = aside(hwu, HWU_ASIDE_PER_INTENT);
    Set<Example> clincAside = aside(clinc, CLINC_ASIDE_PER_INTENT);
    Map<String, String> overlap = ExampleFiles.overlap();
    Random random = new Random(SEED);

    List<Labelled> rows = new ArrayList<>();
    hwu.stream().filter(e -> !hwuAside.contains(e)).forEach(e -> add(rows, HWU64, e));
    banking.forEach(e -> add(rows, BANKING77, e));
    clinc.stream().filter(e -> !clincAside.contains(e)).forEach(e -> add(rows, CLINC150, e));
    Set<String> outside = new HashSet<>(ExampleFiles.outsideClinc());
    List<Example> borrowed = new ArrayList<>(hwu.stream()
        .filter(e -> outside.contains(e.intent()) && !hwuAside.contains(e))
        .toList());
    Collections.shuffle(borrowed, random);
    borrowed.stream()
        .limit(OUTSIDE)
        .forEach(e -> rows.add(
            new Labelled(CLINC150, new Example(e.text(), Example.OUT_OF_SCOPE, List.of()), false)));

    hwu.stream().filter(e -> !hwuAside.contains(e)).forEach(e -> add(rows, ASSISTANT, e));
    List<Labelled> ofClinc = new ArrayList<>();
    List<Example> assistantAside = new ArrayList<>(hwuAside);
    for (Example example : clinc) {
      for (Labelled labelled : forAssistant(example, overlap)) {
        if (clincAside.contains(example)) {
          assistantAside.add(labelled.example());
        } else if (example.intent().equals(Example.OUT_OF_SCOPE)) {
          add(rows, ASSISTANT, example);
        } else {
          ofClinc.add(labelled);
        }
      }
    }
    Collections.shuffle(ofClinc, random);
    rows.addAll(ofClinc.subList(0, ofClinc.size() / 2)); // as many as HWU64 has
    for (Example example : ExampleFiles.ownSentences()) {
      for (int i = 0; i < OWN_REPEATS; i++) {
        rows.add(new Labelled(ASSISTANT, example, false));
      }
    }
    addGibberish(rows, random);
    return new Mixture(
        rows, Map.of(CLINC150, List.copyOf(clincAside), ASSISTANT, List.copyOf(assistantAside)));
  }

  private static void add(List<Labelled> rows, String set, Example example) {
    int times = example.intent().equals(Example.OUT_OF_SCOPE) ? OUT_OF_SCOPE_REPEATS : 1;
    for (int i = 0; i < times; i++) {
      rows.add(new Labelled(set, example, false));
    }
  }

  /** What a CLINC150 example says to the assistant: under HWU64's name only the function, for it marks no slots. */
  static List<Labelled> forAssistant(Example example, Map<String, String> overlap) {
    String name = overlap.getOrDefault(example.intent(), example.intent());
    if (name.equals("-")) {
      return List.of();
    }
    boolean renamed = overlap.containsKey(example.intent());
    return List.of(new Labelled(ASSISTANT, new Example(example.text(), name, List.of()), renamed));
  }

  /** Words of requests in any order call nothing. */
  private static void addGibberish(List<Labelled> rows, Random random) {
    List<String> words = new ArrayList<>();
    rows.forEach(row -> Collections.addAll(words, row.example().text().split(" ")));
    for (int i = 0; i < GIBBERISH; i++) {
      List<String> text = new ArrayList<>();
      for (int n = SHORTEST_GIBBERISH + random.nextInt(GIBBERISH_LENGTHS); n > 0; n--) {
        text.add(words.get(random.nextInt(words.size())));
      }
      rows.add(new Labelled(
          ASSISTANT, new Example(String.join(" ", text), Example.OUT_OF_SCOPE, List.of()), false));
    }
  }

  /** The same few requests of every intent. */
  private static Set<Example> aside(List<Example> examples, int perIntent) {
    List<Example> shuffled = new ArrayList<>(examples);
    Collections.shuffle(shuffled, new Random(SEED));
    Map<String, Integer> counts = new HashMap<>();
    Set<Example> chosen = new LinkedHashSet<>();
    for (Example example : shuffled) {
      if (!example.intent().equals(Example.OUT_OF_SCOPE)
          && counts.merge(example.intent(), 1, Integer::sum) <= perIntent) {
        chosen.add(example);
      }
    }
    return chosen;
  }

  /** Writes the rows as JSON lines. */
  void write(Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (Labelled row : rows) {
        ObjectNode line = JSON.createObjectNode()
            .put("set", row.set())
            .put("text", row.example().text())
            .put("intent", row.example().intent());
        ArrayNode slots = line.putArray("slots");
        for (Example.Slot slot : row.example().slots()) {
          slots
              .addObject()
              .put("name", slot.name())
              .put("start", slot.start())
              .put("end", slot.end());
        }
        if (row.functionOnly()) {
          line.put("function_only", true);
        }
        out.write(line + "\n");
      }
    }
  }
}
