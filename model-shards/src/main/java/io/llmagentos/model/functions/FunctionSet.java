package io.llmagentos.model.functions;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * Functions that were learnt together, and that a request is matched against together.
 *
 * @param tag the token that stands before a request to this set
 * @param functions the slots that each was seen with
 * @param none whether the set knows requests that none of its functions serves
 * @param noneBias added to the logit of {@link CallTokens#NONE}
 */
public record FunctionSet(
    String tag, SequencedMap<String, List<String>> functions, boolean none, double noneBias) {
  public FunctionSet {
    SequencedMap<String, List<String>> copy = new LinkedHashMap<>();
    functions.forEach((name, slots) -> copy.put(name, List.copyOf(slots)));
    functions = Collections.unmodifiableSequencedMap(copy);
  }

  public FunctionSet withNoneBias(double bias) {
    return new FunctionSet(tag, functions, none, bias);
  }

  /** The tokens of what may be called, in the order of the classes of an {@link NgramClassifier}: the functions, then none. */
  public List<String> outcomes() {
    List<String> outcomes =
        new ArrayList<>(functions.keySet().stream().map(CallTokens::function).toList());
    if (none) {
      outcomes.add(CallTokens.NONE);
    }
    return outcomes;
  }
}
