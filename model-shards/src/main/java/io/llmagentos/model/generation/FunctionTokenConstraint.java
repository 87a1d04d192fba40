package io.llmagentos.model.generation;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Holds an answer to {@link FunctionTokens}: a known function, each of its slots at most once, each with a first and a last word behind the words of the slots
 * before. Leaves no answer unfinished when tokens run out.
 */
final class FunctionTokenConstraint implements Constraint {
  private enum State {
    START,
    /** The function is named, or nothing is called, or a value is whole: a slot may come, or the end. */
    NAMED,
    /** A slot was named: its first word comes. */
    SLOT,
    /** The first word came: the last one comes. */
    FIRST
  }

  /** A slot with its words, and the end. */
  private static final int VALUE_AND_END = 4;

  private final Map<Integer, List<Integer>> slotsByFunction;
  private final int noneToken;
  private final int endToken;
  private final Map<Integer, Float> biases;
  private final int[] words;
  private final BitSet slotsLeft = new BitSet();
  private State state = State.START;
  /** The first word that may come next. */
  private int free;

  /**
   * @param noneToken -1: something must be called
   * @param biases by the tokens of what may be called
   * @param words the numbers of the request's words
   */
  FunctionTokenConstraint(
      Map<Integer, List<Integer>> slotsByFunction,
      int noneToken,
      int endToken,
      Map<Integer, Float> biases,
      int[] words) {
    this.slotsByFunction = slotsByFunction;
    this.noneToken = noneToken;
    this.endToken = endToken;
    this.biases = biases;
    this.words = words;
  }

  @Override
  public BitSet allowed(int remaining) {
    BitSet allowed = new BitSet();
    switch (state) {
      case START -> {
        slotsByFunction.keySet().forEach(allowed::set);
        if (noneToken >= 0) {
          allowed.set(noneToken);
        }
      }
      case NAMED -> {
        allowed.set(endToken);
        if (remaining >= VALUE_AND_END && free < words.length) {
          allowed.or(slotsLeft);
        }
      }
      case SLOT, FIRST -> {
        for (int i = free; i < words.length; i++) {
          allowed.set(words[i]);
        }
      }
    }
    return allowed;
  }

  @Override
  public void bias(float[] logits) {
    if (state == State.START) {
      biases.forEach((token, bias) -> logits[token] += bias);
    }
  }

  @Override
  public void accept(int token) {
    switch (state) {
      case START -> {
        Objects.requireNonNullElse(slotsByFunction.get(token), List.<Integer>of())
            .forEach(slotsLeft::set);
        state = State.NAMED;
      }
      case NAMED -> {
        slotsLeft.clear(token);
        state = State.SLOT;
      }
      case SLOT -> {
        free = word(token);
        state = State.FIRST;
      }
      case FIRST -> {
        free = word(token) + 1;
        state = State.NAMED;
      }
    }
  }

  private int word(int token) {
    for (int i = free; i < words.length; i++) {
      if (words[i] == token) {
        return i;
      }
    }
    throw new IllegalArgumentException("token " + token + " is no word from " + free + " on");
  }

  @Override
  public boolean holdsText() {
    return true;
  }
}
