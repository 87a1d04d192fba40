package io.llmagentos.model.training.data;

import io.llmagentos.model.functions.CallTokens;
import io.llmagentos.model.functions.FunctionSet;
import io.llmagentos.model.functions.FunctionSets;
import io.llmagentos.model.functions.NgramClassifier;
import io.llmagentos.model.functions.NgramTrainer;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.training.TokenizerTrainer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Rows of requests and what they call: which functions they know, and their tokens. */
public final class Requests {
  private static final Pattern NAME = Pattern.compile("[^\\s<>]{1,64}");

  private static final int MAX_LINE_BYTES = 4 << 20;

  private Requests() {}

  /** The functions that the rows name, with the slots that each has somewhere; sets in the order in which they come first. */
  public static FunctionSets sets(Corpus corpus, double ngramWeight) throws IOException {
    SequencedMap<String, TreeMap<String, TreeSet<String>>> functions = new LinkedHashMap<>();
    TreeSet<String> withNone = new TreeSet<>();
    corpus.forEach(row -> {
      LabelledRequest request = LabelledRequest.of(row);
      requireName(row, "set", request.set());
      var own = functions.computeIfAbsent(request.set(), set -> new TreeMap<>());
      if (request.function().isEmpty()) {
        withNone.add(request.set());
        return;
      }
      requireName(row, "function", request.function().get());
      var slots = own.computeIfAbsent(request.function().get(), name -> new TreeSet<>());
      for (LabelledRequest.Slot slot : request.slots()) {
        requireName(row, "argument", slot.name());
        slots.add(slot.name());
      }
    });
    SequencedMap<String, FunctionSet> sets = new LinkedHashMap<>();
    functions.forEach((name, own) -> {
      SequencedMap<String, List<String>> lists = new LinkedHashMap<>();
      own.forEach((function, slots) -> lists.put(function, List.copyOf(slots)));
      if (lists.isEmpty()) {
        throw new AgentOsException(
            ErrorCode.DATASET_INVALID, "set " + name + " has no request that calls a function");
      }
      sets.put(name, new FunctionSet(CallTokens.tag(name), lists, withNone.contains(name), 0));
    });
    if (sets.isEmpty()) {
      throw new AgentOsException(
          ErrorCode.DATASET_INVALID, "the train data have no examples", "train_file");
    }
    boolean choice = sets.values().stream().allMatch(set -> set.outcomes().size() > 1);
    return new FunctionSets(sets, choice ? ngramWeight : 0);
  }

  private static void requireName(Row row, String what, String name) {
    if (!NAME.matcher(name).matches()) {
      throw row.invalid(
          "has the " + what + " '" + name
              + "': a name is 1 to 64 characters without spaces, < and >",
          "train_file");
    }
  }

  /** All rows of some files, directories or globs of JSON lines. Throws {@code DATASET_INVALID}. */
  public static List<LabelledRequest> read(String files) throws IOException {
    List<LabelledRequest> requests = new ArrayList<>();
    new Corpus(DataFiles.of("file", List.of(files)), MAX_LINE_BYTES, 0, Long.MAX_VALUE)
        .forEach(row -> requests.add(LabelledRequest.of(row)));
    return requests;
  }

  /** Shows a tokenizer each different request once. */
  public static void showTo(TokenizerTrainer trainer, Corpus corpus) throws IOException {
    TreeSet<String> seen = new TreeSet<>();
    corpus.forEach(row -> {
      String text = LabelledRequest.of(row).text();
      if (seen.add(text)) {
        trainer.add(text);
      }
    });
  }

  /** Learns a classifier for each set. */
  public static Map<String, NgramClassifier> ngrams(Corpus corpus, FunctionSets sets)
      throws IOException {
    Map<String, NgramTrainer> trainers = new LinkedHashMap<>();
    sets.sets()
        .forEach(
            (name, set) -> trainers.put(name, new NgramTrainer(set.outcomes().size())));
    corpus.forEach(row -> {
      LabelledRequest request = LabelledRequest.of(row);
      NgramTrainer trainer = trainers.get(request.set());
      if (trainer != null) {
        trainer.add(request.text(), outcome(sets.set(request.set()), request));
      }
    });
    Map<String, NgramClassifier> classifiers = new LinkedHashMap<>();
    trainers.forEach((name, trainer) -> classifiers.put(name, trainer.train()));
    return classifiers;
  }

  private static int outcome(FunctionSet set, LabelledRequest request) {
    return set.outcomes()
        .indexOf(request.function().map(CallTokens::function).orElse(CallTokens.NONE));
  }

  /**
   * Writes them as examples for a {@link CallCollator}. Throws {@code DATASET_INVALID} for a row that is too long, or that names what the sets do not know.
   *
   * @param maxLength in tokens, of a request with its call
   */
  public static void write(
      Path directory,
      String name,
      Corpus corpus,
      FunctionSets sets,
      Tokenizer tokenizer,
      int maxLength)
      throws IOException {
    ExampleStore.write(directory, name, corpus, row -> {
      LabelledRequest request = LabelledRequest.of(row);
      require(row, request, sets);
      CallSequence sequence = CallSequence.of(request, sets.set(request.set()).tag(), tokenizer);
      if (sequence.length() > maxLength) {
        throw row.invalid(
            "has a request of " + sequence.length() + " tokens with its call, more than"
                + " max_seq_length, " + maxLength,
            "max_seq_length");
      }
      return sequence.toExample();
    });
  }

  private static void require(Row row, LabelledRequest request, FunctionSets sets) {
    FunctionSet set = sets.sets().get(request.set());
    if (set == null) {
      throw row.invalid(
          "is of set " + request.set() + "; the train data know " + sets.sets().keySet(),
          "validation_file");
    }
    List<String> unknown = new ArrayList<>();
    if (request.function().isPresent()) {
      List<String> slots = set.functions().getOrDefault(request.function().get(), List.of());
      if (!set.functions().containsKey(request.function().get())) {
        unknown.add("function " + request.function().get());
      } else {
        request.slots().stream()
            .map(LabelledRequest.Slot::name)
            .filter(slot -> !slots.contains(slot))
            .forEach(slot -> unknown.add("argument " + slot));
      }
    } else if (!set.none()) {
      unknown.add("a request that calls nothing");
    }
    if (!unknown.isEmpty()) {
      throw row.invalid(
          "has " + String.join(", ", unknown) + ", which the train data of set " + request.set()
              + " lack",
          "validation_file");
    }
  }
}
