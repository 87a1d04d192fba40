package io.llmagentos.model.generation;

import java.util.BitSet;
import java.util.OptionalInt;

/**
 * Takes values out of a request, token by token: each is a run of whole words behind the one before, as in the data that models learn from. Where
 * the same words stand twice, the first place counts. Not thread-safe.
 */
final class RequestValues {
  private final RequestSpans spans;
  /** Where the value may begin, given its tokens so far. */
  private BitSet begins = new BitSet();

  private int length;
  /** The first token behind the values that were taken. */
  private int free;

  RequestValues(RequestSpans spans) {
    this.spans = spans;
  }

  void begin() {
    length = 0;
    begins = new BitSet();
    for (int i = free; i < spans.length(); i++) {
      begins.set(i, spans.beginsWord(i));
    }
  }

  void accept(int token) {
    BitSet still = new BitSet();
    begins.stream()
        .filter(from -> from + length < spans.length() && spans.ids()[from + length] == token)
        .forEach(still::set);
    begins = still;
    length++;
  }

  /** Add the tokens that may come next in the value, such that it can end within {@code remaining} tokens. */
  void addNext(BitSet allowed, int remaining) {
    begins.stream()
        .map(from -> from + length)
        .filter(i -> i < spans.length() && toWordEnd(i) <= remaining)
        .forEach(i -> allowed.set(spans.ids()[i]));
  }

  /** Whether what came is a value. */
  boolean isWhole() {
    return whole().isPresent();
  }

  private OptionalInt whole() {
    return length == 0
        ? OptionalInt.empty()
        : begins.stream().filter(from -> spans.endsWord(from + length - 1)).findFirst();
  }

  /** Whether a value of at most {@code tokens} tokens may stand behind this one. */
  boolean hasRoom(int tokens) {
    for (int i = whole().isPresent() ? whole().getAsInt() + length : free;
        i < spans.length();
        i++) {
      if (spans.beginsWord(i) && toWordEnd(i) <= tokens) {
        return true;
      }
    }
    return false;
  }

  private int toWordEnd(int token) {
    return spans.wordEnds()[token] - token + 1;
  }

  /** End the value and give the request's own characters of it. */
  String take() {
    int from = whole()
        .orElseThrow(() -> new IllegalArgumentException(
            "these " + length + " tokens are no words of the request behind its token " + free));
    free = from + length;
    return spans.text(from, free);
  }
}
