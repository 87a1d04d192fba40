package io.llmagentos.model.nano;

import io.llmagentos.model.training.BytePairTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An example as tokens.
 *
 * @param tag the set's token
 * @param request the request's tokens
 * @param first whether a request token starts a word
 * @param function the function's token or that of none
 * @param values the slots with the request tokens of their values, in order
 * @param functionOnly whether nothing is known of the slots
 */
record Sample(
    int tag,
    int[] request,
    boolean[] first,
    int function,
    List<Value> values,
    boolean functionOnly) {

  /** A slot's token and its value: the request's tokens from (inclusive) to to (exclusive). */
  record Value(int slot, int from, int to) {}

  /** The sample of an example; empty when the value of a slot is not a span of whole tokens. */
  static Optional<Sample> of(
      BytePairTokenizer tokenizer, String set, Example example, boolean functionOnly) {
    BytePairTokenizer.Encoding encoding = tokenizer.encode(example.text());
    var values = new ArrayList<Value>();
    for (Example.Slot slot : example.slots()) {
      int from = indexOf(encoding.starts(), slot.start());
      int to = indexOf(encoding.ends(), slot.end());
      if (from < 0 || to < from || !encoding.first()[from] || !encoding.last(to)) {
        return Optional.empty();
      }
      values.add(new Value(tokenizer.special(FunctionSet.slot(slot.name())), from, to + 1));
    }
    return Optional.of(new Sample(
        tokenizer.special(FunctionSet.tag(set)),
        encoding.ids(),
        encoding.first(),
        tokenizer.special(FunctionSet.function(example.intent())),
        values,
        functionOnly));
  }

  /**
   * The whole sequence: tag, request, call, function, then every slot with its value, then the end. With {@code
   * functionOnly} it stops after the function.
   */
  int[] sequence(int call, int end) {
    var ids = new ArrayList<Integer>();
    ids.add(tag);
    for (int id : request) {
      ids.add(id);
    }
    ids.add(call);
    ids.add(function);
    if (!functionOnly) {
      for (Value value : values) {
        ids.add(value.slot());
        for (int i = value.from(); i < value.to(); i++) {
          ids.add(request[i]);
        }
      }
      ids.add(end);
    }
    return ids.stream().mapToInt(i -> i).toArray();
  }

  private static int indexOf(int[] places, int place) {
    for (int i = 0; i < places.length; i++) {
      if (places[i] == place) {
        return i;
      }
    }
    return -1;
  }

  /** A request to match against a set: tag, request, call. */
  static int[] prompt(BytePairTokenizer tokenizer, String set, int[] request) {
    int[] prompt = new int[request.length + 2];
    prompt[0] = tokenizer.special(FunctionSet.tag(set));
    System.arraycopy(request, 0, prompt, 1, request.length);
    prompt[request.length + 1] = tokenizer.special(FunctionSet.CALL);
    return prompt;
  }
}
