package io.llmagentos.model.generation;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Holds an answer to {@link FunctionTokens}: a known function, each of its slots at most once, values that stand in the request in the order of the
 * slots. Leaves no answer unfinished when tokens run out.
 */
final class FunctionTokenConstraint implements Constraint {
  private enum State {
    START,
    /** The function is named, or nothing is called: a slot may come, or the end. */
    NAMED,
    /** A slot was named. */
    VALUE
  }

  private final Map<Integer, List<Integer>> slotsByFunction;
  private final int noneToken;
  private final int endToken;
  private final Map<Integer, Float> biases;
  private final BitSet ordinary;
  private final RequestValues values;
  private final BitSet slotsLeft = new BitSet();
  private State state = State.START;

  /**
   * @param noneToken -1: something must be called
   * @param biases by the tokens of what may be called
   * @param ordinary the tokens of text
   */
  FunctionTokenConstraint(
      Map<Integer, List<Integer>> slotsByFunction,
      int noneToken,
      int endToken,
      Map<Integer, Float> biases,
      BitSet ordinary,
      RequestSpans spans) {
    this.slotsByFunction = slotsByFunction;
    this.noneToken = noneToken;
    this.endToken = endToken;
    this.biases = biases;
    this.ordinary = ordinary;
    this.values = new RequestValues(spans);
  }

  @Override
  public BitSet allowed(int remaining) {
    BitSet allowed = new BitSet();
    if (state == State.START) {
      slotsByFunction.keySet().forEach(allowed::set);
      if (noneToken >= 0) {
        allowed.set(noneToken);
      }
      return allowed;
    }
    if (state == State.VALUE) {
      values.addNext(allowed, remaining - 1);
    }
    if (state == State.NAMED || values.isWhole()) {
      allowed.set(endToken);
      if (values.hasRoom(remaining - 2)) {
        allowed.or(slotsLeft);
      }
    }
    return allowed;
  }

  @Override
  public void bias(float[] logits) {
    if (state == State.START) {
      biases.forEach((token, bias) -> logits[token] += bias);
    }
    if (state == State.VALUE) {
      concentrate(logits);
    }
  }

  @Override
  public void accept(int token) {
    if (state == State.START) {
      Objects.requireNonNullElse(slotsByFunction.get(token), List.<Integer>of())
          .forEach(slotsLeft::set);
      state = State.NAMED;
    } else if (slotsLeft.get(token)) {
      slotsLeft.clear(token);
      if (state == State.VALUE) {
        values.take();
      }
      values.begin();
      state = State.VALUE;
    } else {
      values.accept(token);
    }
  }

  @Override
  public boolean holdsText() {
    return true;
  }

  /** A value can only go on with the request: whatever the model gives to ordinary tokens is given to those that may come. */
  private void concentrate(float[] logits) {
    BitSet next = new BitSet();
    values.addNext(next, Integer.MAX_VALUE - 1);
    if (next.isEmpty()) {
      return;
    }
    float gained = logSum(logits, ordinary) - logSum(logits, next);
    next.stream().forEach(token -> logits[token] += gained);
  }

  private static float logSum(float[] logits, BitSet tokens) {
    double max = tokens.stream().mapToDouble(token -> logits[token]).max().orElseThrow();
    return (float) (max
        + Math.log(
            tokens.stream().mapToDouble(token -> Math.exp(logits[token] - max)).sum()));
  }
}
