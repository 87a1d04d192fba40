package io.llmagentos.model.generation;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Holds an answer to {@link FunctionTokens}: a known function, each of its slots at most once, values out of the request. */
final class FunctionTokenConstraint implements Constraint {
  private enum State {
    START,
    /** The function is named, or nothing is called: a slot may come, or the end. */
    NAMED,
    /** A slot was named: its value begins. */
    SLOT,
    VALUE
  }

  private static final int SHORTEST_ARGUMENT = 2;

  private final Map<Integer, List<Integer>> slotsByFunction;
  private final int noneToken;
  private final int endToken;
  private final float noneBias;
  private final RequestSpans spans;
  private final BitSet slotsLeft = new BitSet();
  /** Positions in the request at which the value may have arrived. */
  private BitSet positions = new BitSet();

  private State state = State.START;

  /** @param noneToken -1: something must be called */
  FunctionTokenConstraint(
      Map<Integer, List<Integer>> slotsByFunction,
      int noneToken,
      int endToken,
      float noneBias,
      RequestSpans spans) {
    this.slotsByFunction = slotsByFunction;
    this.noneToken = noneToken;
    this.endToken = endToken;
    this.noneBias = noneBias;
    this.spans = spans;
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
      case SLOT -> {
        for (int start : spans.wordStarts()) {
          allowed.set(spans.ids()[start]);
        }
      }
      case NAMED, VALUE -> {
        allowed.set(endToken);
        if (remaining > SHORTEST_ARGUMENT && spans.wordStarts().length > 0) {
          allowed.or(slotsLeft);
        }
        if (state == State.VALUE && remaining > 1) {
          next().stream().forEach(position -> allowed.set(spans.ids()[position]));
        }
      }
    }
    return allowed;
  }

  @Override
  public void bias(float[] logits) {
    if (state == State.START && noneToken >= 0) {
      logits[noneToken] += noneBias;
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
      case SLOT -> {
        positions = new BitSet();
        for (int start : spans.wordStarts()) {
          if (spans.ids()[start] == token) {
            positions.set(start);
          }
        }
        state = State.VALUE;
      }
      case NAMED, VALUE -> {
        if (slotsLeft.get(token)) {
          slotsLeft.clear(token);
          state = State.SLOT;
        } else {
          BitSet arrived = next();
          for (int i = arrived.nextSetBit(0); i >= 0; i = arrived.nextSetBit(i + 1)) {
            if (spans.ids()[i] != token) {
              arrived.clear(i);
            }
          }
          positions = arrived;
        }
      }
    }
  }

  @Override
  public boolean holdsText() {
    return true;
  }

  /** One behind each position, within the request. */
  private BitSet next() {
    BitSet next = new BitSet();
    positions.stream().map(i -> i + 1).filter(i -> i < spans.ids().length).forEach(next::set);
    return next;
  }
}
