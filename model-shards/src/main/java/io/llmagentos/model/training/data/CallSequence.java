package io.llmagentos.model.training.data;

import io.llmagentos.model.functions.CallTokens;
import io.llmagentos.model.functions.RequestWords;
import io.llmagentos.model.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A labelled request as tokens.
 *
 * @param tag the set's token
 * @param words the tokens of each word of the request
 * @param function the function's token or that of none
 * @param values the slots with their words, in the order of the request
 * @param functionOnly whether nothing is known of the slots
 */
record CallSequence(
    int tag, List<int[]> words, int function, List<Value> values, boolean functionOnly) {
  private static final int MARKUP = 3;
  private static final int INTS_PER_VALUE = 3;

  CallSequence {
    words = List.copyOf(words);
    values = List.copyOf(values);
  }

  /** A slot's token and its value: the request's words from (inclusive) to to (exclusive). */
  record Value(int slot, int from, int to) {}

  /** Of a slot whose value is no run of whole words nothing can be learnt, nor of the others of its request then. */
  static CallSequence of(LabelledRequest request, String tag, Tokenizer tokenizer) {
    RequestWords words = RequestWords.of(request.text(), tokenizer);
    List<Value> values = new ArrayList<>();
    boolean functionOnly = request.functionOnly();
    for (LabelledRequest.Slot slot : request.slots()) {
      int from = -1;
      int to = -1;
      for (int i = 0; i < words.named(); i++) {
        from = words.words().get(i).start() == slot.start() ? i : from;
        to = words.words().get(i).end() == slot.end() ? i + 1 : to;
      }
      functionOnly |= from < 0 || to <= from;
      values.add(new Value(tokenizer.requireId(CallTokens.slot(slot.name())), from, to));
    }
    return new CallSequence(
        tokenizer.requireId(tag),
        words.words().stream().map(RequestWords.Word::tokens).toList(),
        tokenizer.requireId(request.function().map(CallTokens::function).orElse(CallTokens.NONE)),
        functionOnly ? List.of() : values,
        functionOnly);
  }

  /** As it is stored: the tokens as inputs, what is known of them as labels. */
  Example toExample() {
    IntStream tokens = words.stream().flatMapToInt(IntStream::of);
    IntStream lengths = words.stream().mapToInt(word -> word.length);
    IntStream slots = values.stream().flatMapToInt(v -> IntStream.of(v.slot(), v.from(), v.to()));
    return new Example(
        IntStream.concat(IntStream.of(tag, function), tokens).toArray(),
        IntStream.concat(
                IntStream.of(functionOnly ? 1 : 0, words.size()), IntStream.concat(lengths, slots))
            .toArray());
  }

  static CallSequence of(Example example) {
    int[] known = example.labels();
    int at = 2;
    List<int[]> words = new ArrayList<>();
    for (int i = 0; i < known[1]; i++) {
      words.add(Arrays.copyOfRange(example.inputIds(), at, at + known[2 + i]));
      at += known[2 + i];
    }
    List<Value> values = new ArrayList<>();
    for (int i = 2 + words.size(); i < known.length; i += INTS_PER_VALUE) {
      values.add(new Value(known[i], known[i + 1], known[i + 2]));
    }
    return new CallSequence(
        example.inputIds()[0], words, example.inputIds()[1], values, known[0] == 1);
  }

  /** How many tokens it is with its call. */
  int length() {
    int pieces = words.stream().mapToInt(word -> word.length).sum();
    return MARKUP
        + pieces
        + Math.min(words.size(), RequestWords.NAMED)
        + (functionOnly ? 0 : INTS_PER_VALUE * values.size() + 1);
  }

  boolean inValue(int word) {
    return values.stream().anyMatch(v -> v.from() <= word && word < v.to());
  }

  boolean overlaps() {
    for (int i = 0; i + 1 < values.size(); i++) {
      if (values.get(i).to() > values.get(i + 1).from()) {
        return true;
      }
    }
    return false;
  }

  CallSequence withWords(List<int[]> others) {
    return new CallSequence(tag, others, function, values, functionOnly);
  }

  /** With other words for a value, of those that do not overlap. */
  CallSequence withValue(int index, List<int[]> others) {
    Value old = values.get(index);
    List<int[]> all = new ArrayList<>(words.subList(0, old.from()));
    all.addAll(others);
    all.addAll(words.subList(old.to(), words.size()));
    int shift = others.size() - (old.to() - old.from());
    List<Value> moved = new ArrayList<>(values);
    for (int i = index; i < moved.size(); i++) {
      Value value = values.get(i);
      moved.set(
          i, new Value(value.slot(), value.from() + (i == index ? 0 : shift), value.to() + shift));
    }
    return new CallSequence(tag, all, function, moved, functionOnly);
  }
}
