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
  private final RequestValues values;
  private final BitSet slotsLeft = new BitSet();
  private State state = State.START;

  /**
   * @param noneToken -1: something must be called
   * @param biases by the tokens of what may be called
   */
  FunctionTokenConstraint(
      Map<Integer, List<Integer>> slotsByFunction,
      int noneToken,
      int endToken,
      Map<Integer, Float> biases,
      RequestSpans spans) {
    this.slotsByFunction = slotsByFunction;
    this.noneToken = noneToken;
    this.endToken = endToken;
    this.biases = biases;
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
}
