package io.llmagentos.model.training.data;

import io.llmagentos.model.functions.CallTokens;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A labelled request as tokens.
 *
 * @param tag the set's token
 * @param first whether a token of the request begins a word
 * @param function the function's token or that of none
 * @param values the slots with the request's tokens of their values, in the order of the request
 * @param functionOnly whether nothing is known of the slots
 */
record CallSequence(
    int tag,
    int[] request,
    boolean[] first,
    int function,
    List<Value> values,
    boolean functionOnly) {
  private static final int HEAD = 2;

  /** A slot's token and its value: the request's tokens from (inclusive) to to (exclusive). */
  record Value(int slot, int from, int to) {}

  /** Of a slot whose value is no run of whole words nothing can be learnt, nor of the others of its request then. */
  static CallSequence of(LabelledRequest request, String tag, Tokenizer tokenizer) {
    String text = request.text();
    Tokens tokens = tokenizer.encodePlain(text);
    int[] words = tokens.wordIds();
    boolean[] first = new boolean[words.length];
    for (int i = 0; i < first.length; i++) {
      first[i] = i == 0 || words[i] != words[i - 1];
    }
    int[] starts = startsOfText(text, tokens);
    List<Value> values = new ArrayList<>();
    boolean functionOnly = request.functionOnly();
    for (LabelledRequest.Slot slot : request.slots()) {
      int from = indexOf(starts, text.codePointCount(0, slot.start()));
      int last = indexOf(tokens.ends(), text.codePointCount(0, slot.end()));
      boolean whole =
          from >= 0 && last >= from && first[from] && (last + 1 == first.length || first[last + 1]);
      functionOnly |= !whole;
      if (whole) {
        values.add(new Value(tokenizer.requireId(CallTokens.slot(slot.name())), from, last + 1));
      }
    }
    return new CallSequence(
        tokenizer.requireId(tag),
        tokens.ids(),
        first,
        tokenizer.requireId(request.function().map(CallTokens::function).orElse(CallTokens.NONE)),
        functionOnly ? List.of() : values,
        functionOnly);
  }

  /** A tokenizer may count the space before a word to it. */
  private static int[] startsOfText(String text, Tokens tokens) {
    int[] points = text.codePoints().toArray();
    int[] starts = tokens.starts().clone();
    for (int i = 0; i < starts.length; i++) {
      while (starts[i] + 1 < tokens.ends()[i] && Character.isWhitespace(points[starts[i]])) {
        starts[i]++;
      }
    }
    return starts;
  }

  private static int indexOf(int[] places, int place) {
    for (int i = 0; i < places.length; i++) {
      if (places[i] == place) {
        return i;
      }
    }
    return -1;
  }

  /** As it is stored: the tokens as inputs, what is known of them as labels. */
  Example toExample() {
    int[] inputs =
        IntStream.concat(IntStream.of(tag, function), IntStream.of(request)).toArray();
    IntStream firsts = IntStream.range(0, first.length).map(i -> first[i] ? 1 : 0);
    IntStream slots = values.stream().flatMapToInt(v -> IntStream.of(v.slot(), v.from(), v.to()));
    return new Example(
        inputs,
        IntStream.concat(IntStream.of(functionOnly ? 1 : 0), IntStream.concat(firsts, slots))
            .toArray());
  }

  static CallSequence of(Example example) {
    int[] request = Arrays.copyOfRange(example.inputIds(), HEAD, example.inputIds().length);
    int[] known = example.labels();
    boolean[] first = new boolean[request.length];
    for (int i = 0; i < first.length; i++) {
      first[i] = known[1 + i] == 1;
    }
    List<Value> values = new ArrayList<>();
    for (int at = 1 + first.length; at < known.length; at += 3) {
      values.add(new Value(known[at], known[at + 1], known[at + 2]));
    }
    return new CallSequence(
        example.inputIds()[0], request, first, example.inputIds()[1], values, known[0] == 1);
  }

  /** How long {@link #tokens} is. */
  int length() {
    int answer = values.stream().mapToInt(v -> 1 + v.to() - v.from()).sum();
    return HEAD + 1 + request.length + (functionOnly ? 0 : answer + 1);
  }

  /** Tag, request, call, function, every slot with its value, end; only to the function where no more is known. */
  int[] tokens(int call, int end) {
    IntStream.Builder tokens = IntStream.builder();
    tokens.add(tag);
    IntStream.of(request).forEach(tokens::add);
    tokens.add(call).add(function);
    if (!functionOnly) {
      for (Value value : values) {
        tokens.add(value.slot());
        IntStream.range(value.from(), value.to()).forEach(i -> tokens.add(request[i]));
      }
      tokens.add(end);
    }
    return tokens.build().toArray();
  }

  boolean overlaps() {
    for (int i = 0; i + 1 < values.size(); i++) {
      if (values.get(i).to() > values.get(i + 1).from()) {
        return true;
      }
    }
    return false;
  }

  boolean inValue(int token) {
    return values.stream().anyMatch(v -> v.from() <= token && token < v.to());
  }

  /** The tokens of a value, and which of them begin words. */
  record Words(int[] ids, boolean[] first) {}

  Words words(int from, int to) {
    return new Words(Arrays.copyOfRange(request, from, to), Arrays.copyOfRange(first, from, to));
  }

  /** Other words in the place of the request's tokens from (inclusive) to to (exclusive), which are whole words within or outside of values. */
  CallSequence with(int from, int to, Words words) {
    int shift = words.ids().length - (to - from);
    int[] ids = new int[request.length + shift];
    boolean[] firsts = new boolean[ids.length];
    System.arraycopy(request, 0, ids, 0, from);
    System.arraycopy(first, 0, firsts, 0, from);
    System.arraycopy(words.ids(), 0, ids, from, words.ids().length);
    System.arraycopy(words.first(), 0, firsts, from, words.ids().length);
    System.arraycopy(request, to, ids, to + shift, request.length - to);
    System.arraycopy(first, to, firsts, to + shift, request.length - to);
    List<Value> moved = values.stream()
        .map(v -> new Value(
            v.slot(),
            v.from() >= to ? v.from() + shift : v.from(),
            v.to() >= to ? v.to() + shift : v.to()))
        .toList();
    return new CallSequence(tag, ids, firsts, function, moved, functionOnly);
  }
}
