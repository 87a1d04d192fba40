package io.llmagentos.model.nano;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A set of functions that a request is matched against.
 *
 * @param name without the brackets of its tag
 * @param functions the slots that occurred with each function
 * @param none whether a request may be out of scope
 */
record FunctionSet(String name, SortedMap<String, SortedSet<String>> functions, boolean none) {
  static final String CALL = "<|call|>";
  static final String NONE = "<|none|>";
  static final String END = "<|end|>";
  static final String PAD = "<|pad|>";
  static final String MASK = "<|mask|>";

  static final String HWU64 = "hwu64";
  static final String BANKING77 = "banking77";
  static final String CLINC150 = "clinc150";
  static final String ASSISTANT = "assistant";

  /** CLINC150's name for requests out of scope. */
  static final String OUT_OF_SCOPE = "oos";

  String tag() {
    return tag(name);
  }

  static String tag(String set) {
    return "<|" + set + "|>";
  }

  static String function(String intent) {
    return intent.equals(OUT_OF_SCOPE) ? NONE : "<fn:" + intent + ">";
  }

  static String slot(String name) {
    return "<arg:" + name + ">";
  }

  /** The functions that occur in the examples, with their slots. */
  static FunctionSet of(String name, List<Example> examples) {
    var functions = new TreeMap<String, SortedSet<String>>();
    boolean none = false;
    for (Example example : examples) {
      if (example.intent().equals(OUT_OF_SCOPE)) {
        none = true;
        continue;
      }
      SortedSet<String> slots = functions.computeIfAbsent(example.intent(), n -> new TreeSet<>());
      example.slots().forEach(s -> slots.add(s.name()));
    }
    return new FunctionSet(name, functions, none);
  }

  /** The special tokens that the sets need, in a fixed order. */
  static List<String> specials(Map<String, FunctionSet> sets) {
    var functions = new TreeSet<String>();
    var slots = new TreeSet<String>();
    for (FunctionSet set : sets.values()) {
      set.functions().forEach((function, names) -> {
        functions.add(function(function));
        names.forEach(n -> slots.add(slot(n)));
      });
    }
    var tokens = new java.util.ArrayList<>(List.of(PAD, END, CALL, NONE, MASK));
    sets.keySet().forEach(s -> tokens.add(tag(s)));
    tokens.addAll(functions);
    tokens.addAll(slots);
    return tokens;
  }
}
