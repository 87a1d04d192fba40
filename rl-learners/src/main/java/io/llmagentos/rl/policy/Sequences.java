package io.llmagentos.rl.policy;

/**
 * How rows follow one another, for a network that remembers: sequences of the same length, one after the other.
 *
 * @param length L, rows of a sequence
 * @param states [B/L][S], what is remembered before the first row of each
 * @param starts [B], rows before which everything is forgotten, because an episode begins with them
 */
public record Sequences(int length, float[] states, boolean[] starts) {
  /** Every row for itself: for networks that remember nothing. */
  public static final Sequences NONE = new Sequences(1, new float[0], new boolean[0]);

  /** The sequences {@code order[from .. to - 1]}. */
  public Sequences gather(int[] order, int from, int to) {
    if (starts.length == 0) {
      return this;
    }
    int width = states.length / (starts.length / length);
    float[] someStates = new float[(to - from) * width];
    boolean[] someStarts = new boolean[(to - from) * length];
    for (int i = from; i < to; i++) {
      System.arraycopy(states, order[i] * width, someStates, (i - from) * width, width);
      System.arraycopy(starts, order[i] * length, someStarts, (i - from) * length, length);
    }
    return new Sequences(length, someStates, someStarts);
  }
}
