package io.llmagentos.model.nano;

import io.llmagentos.model.training.BytePairTokenizer;
import io.llmagentos.model.training.Decoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;

/**
 * Greedy decoding that can only say what the format allows: a function of the set, then its slots, each with a span of
 * whole words of the request, then the end. Values stand in the order of the request and do not overlap, as in the
 * data. The plain reference for faster decoders: no cache, whole sequences anew for each token.
 */
final class GreedyCalls {
  private static final int BATCH = 64;
  private static final int MAX_CALL_TOKENS = 48;

  private final Decoder decoder;
  private final BytePairTokenizer tokenizer;
  private final FunctionSet set;
  private final double noneBias;
  private final int none;
  private final int end;
  private final List<Function> functions = new ArrayList<>();

  GreedyCalls(Decoder decoder, BytePairTokenizer tokenizer, FunctionSet set, double noneBias) {
    this.decoder = decoder;
    this.tokenizer = tokenizer;
    this.set = set;
    this.noneBias = noneBias;
    this.none = tokenizer.special(FunctionSet.NONE);
    this.end = tokenizer.special(FunctionSet.END);
    set.functions()
        .forEach((name, slots) -> functions.add(
            new Function(tokenizer.special(FunctionSet.function(name)), name, slots)));
  }

  private record Function(int token, String name, SortedSet<String> slots) {}

  /** A slot and its value as it stands in the request. */
  record Argument(String slot, String value) {}

  /**
   * What a request calls.
   *
   * @param function or {@link FunctionSet#OUT_OF_SCOPE}
   * @param best the most likely function, whatever none says
   * @param margin how much the logit of none exceeds that of the best function, without bias
   */
  record Call(String function, List<Argument> arguments, String best, double margin) {}

  /** The calls of the requests, in their order. */
  List<Call> of(List<String> requests) {
    var states = new ArrayList<State>();
    requests.forEach(r -> states.add(new State(r)));
    var byLength = new ArrayList<>(states);
    byLength.sort(Comparator.comparingInt(s -> s.tokens.size()));
    for (int from = 0; from < byLength.size(); from += BATCH) {
      decode(byLength.subList(from, Math.min(from + BATCH, byLength.size())));
    }
    return states.stream().map(State::call).toList();
  }

  private void decode(List<State> states) {
    List<State> open = states;
    while (!open.isEmpty()) {
      int width = open.stream().mapToInt(s -> s.tokens.size()).max().orElseThrow();
      long[][] ids = new long[open.size()][width];
      long[] rows = new long[open.size()];
      for (int i = 0; i < open.size(); i++) {
        List<Integer> tokens = open.get(i).tokens;
        for (int t = 0; t < tokens.size(); t++) {
          ids[i][t] = tokens.get(t);
        }
        rows[i] = (long) i * width + tokens.size() - 1;
      }
      float[][] logits = decoder.logits(ids, rows);
      for (int i = 0; i < open.size(); i++) {
        open.get(i).advance(logits[i]);
      }
      open = open.stream().filter(s -> !s.done).toList();
    }
  }

  /** One request on its way. */
  private final class State {
    private final String text;
    private final BytePairTokenizer.Encoding encoding;
    private final List<Integer> tokens = new ArrayList<>();
    private final List<Argument> arguments = new ArrayList<>();
    private final Map<Integer, String> slots = new HashMap<>();
    private String function = "";
    private String best = "";
    private double margin = Double.NEGATIVE_INFINITY;
    private String slot = "";
    /** The spans that the value so far may be: where they begin and the last token that they hold. */
    private List<int[]> spans = List.of();

    /** Where the last value ended: the next one starts there or later. */
    private int free;

    private boolean done;

    State(String text) {
      this.text = text;
      this.encoding = tokenizer.encode(text);
      Arrays.stream(Sample.prompt(tokenizer, set.name(), encoding.ids())).forEach(tokens::add);
    }

    void advance(float[] logits) {
      if (function.isEmpty()) {
        chooseFunction(logits);
        return;
      }
      int next = end;
      float highest = Float.NEGATIVE_INFINITY;
      for (int candidate : allowed()) {
        if (logits[candidate] > highest) {
          next = candidate;
          highest = logits[candidate];
        }
      }
      String opened = slots.get(next);
      if (next == end || tokens.size() > encoding.ids().length + 2 + MAX_CALL_TOKENS) {
        closeValue();
        done = true;
      } else if (opened != null) {
        closeValue();
        slot = opened;
      } else {
        follow(next);
      }
      tokens.add(next);
    }

    private void chooseFunction(float[] logits) {
      Function chosen = functions.getFirst();
      for (Function candidate : functions) {
        chosen = logits[candidate.token()] > logits[chosen.token()] ? candidate : chosen;
      }
      best = chosen.name();
      function = best;
      if (set.none()) {
        margin = logits[none] - logits[chosen.token()];
        function = margin + noneBias > 0 ? FunctionSet.OUT_OF_SCOPE : best;
      }
      tokens.add(chosen.token());
      if (function.equals(FunctionSet.OUT_OF_SCOPE)) {
        done = true;
      } else {
        chosen.slots().forEach(s -> slots.put(tokenizer.special(FunctionSet.slot(s)), s));
        done = slots.isEmpty();
      }
    }

    private List<Integer> allowed() {
      var allowed = new ArrayList<Integer>();
      int[] ids = encoding.ids();
      if (!slot.isEmpty() && spans.isEmpty()) {
        for (int i = free; i < ids.length; i++) {
          if (encoding.first()[i]) {
            allowed.add(ids[i]);
          }
        }
        return allowed;
      }
      int rest = spans.isEmpty() ? free : -1;
      for (int[] span : spans) {
        if (rest < 0 && encoding.last(span[1])) {
          rest = span[1] + 1;
        }
        if (span[1] + 1 < ids.length) {
          allowed.add(ids[span[1] + 1]);
        }
      }
      if (rest >= 0) {
        allowed.add(end);
      }
      if (rest >= 0 && rest < ids.length) {
        slots.keySet().stream().sorted().forEach(allowed::add);
      }
      return allowed;
    }

    private void follow(int token) {
      var longer = new ArrayList<int[]>();
      int[] ids = encoding.ids();
      if (spans.isEmpty()) {
        for (int i = free; i < ids.length; i++) {
          if (ids[i] == token && encoding.first()[i]) {
            longer.add(new int[] {i, i});
          }
        }
      }
      for (int[] span : spans) {
        if (span[1] + 1 < ids.length && ids[span[1] + 1] == token) {
          longer.add(new int[] {span[0], span[1] + 1});
        }
      }
      spans = longer;
    }

    private void closeValue() {
      spans.stream().filter(s -> encoding.last(s[1])).findFirst().ifPresent(s -> {
        String value = text.substring(encoding.starts()[s[0]], encoding.ends()[s[1]]);
        arguments.add(new Argument(slot, value));
        free = s[1] + 1;
      });
      slot = "";
      spans = List.of();
    }

    Call call() {
      return new Call(function, arguments, best, margin);
    }
  }
}
