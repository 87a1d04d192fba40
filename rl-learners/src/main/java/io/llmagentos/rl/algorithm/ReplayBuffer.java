package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.random.Generator;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/** The last transitions, drawn uniformly with replacement. Memory grows to the capacity as it fills. */
final class ReplayBuffer {
  /**
   * Drawn transitions, B of them.
   *
   * @param observations [B][D]
   * @param actions [B][A]
   * @param rewards [B]
   * @param nextObservations [B][D]
   * @param terminated [B]
   */
  record Transitions(
      int rows,
      float[] observations,
      float[] actions,
      float[] rewards,
      float[] nextObservations,
      boolean[] terminated) {

    Transitions(int rows, int observationWidth, int actionWidth) {
      this(
          rows,
          new float[rows * observationWidth],
          new float[rows * actionWidth],
          new float[rows],
          new float[rows * observationWidth],
          new boolean[rows]);
    }
  }

  private final int capacity;
  private final int observationWidth;
  private final int actionWidth;
  /** Observation, action, reward, next observation, terminated: one row each. */
  private float[] rows = {};

  private int size;
  private int next;

  ReplayBuffer(int capacity, int observationWidth, int actionWidth) {
    this.capacity = capacity;
    this.observationWidth = observationWidth;
    this.actionWidth = actionWidth;
  }

  private int width() {
    return 2 * observationWidth + actionWidth + 2;
  }

  int size() {
    return size;
  }

  /** Copies one transition; the oldest makes room. Arrays begin at the given offsets. */
  void add(
      float[] observations,
      int at,
      float[] action,
      float reward,
      float[] nextObservation,
      boolean terminated) {
    grow();
    int row = next * width();
    System.arraycopy(observations, at, rows, row, observationWidth);
    System.arraycopy(action, 0, rows, row + observationWidth, actionWidth);
    int behind = row + observationWidth + actionWidth;
    rows[behind] = reward;
    System.arraycopy(nextObservation, 0, rows, behind + 1, observationWidth);
    rows[behind + 1 + observationWidth] = terminated ? 1 : 0;
    next = (next + 1) % capacity;
    size = Math.min(size + 1, capacity);
  }

  private void grow() {
    int held = rows.length / width();
    if (next >= held) {
      int rowsWanted = (int) Math.min(capacity, Math.max(1024L, 2L * held));
      rows = Arrays.copyOf(rows, rowsWanted * width());
    }
  }

  /** Fills {@code out}. */
  void sample(Generator random, Transitions out) {
    for (int i = 0; i < out.rows; i++) {
      int row = (int) random.integers(size) * width();
      System.arraycopy(rows, row, out.observations, i * observationWidth, observationWidth);
      System.arraycopy(rows, row + observationWidth, out.actions, i * actionWidth, actionWidth);
      int behind = row + observationWidth + actionWidth;
      out.rewards[i] = rows[behind];
      System.arraycopy(
          rows, behind + 1, out.nextObservations, i * observationWidth, observationWidth);
      out.terminated[i] = rows[behind + 1 + observationWidth] != 0;
    }
  }

  void write(DataOutput out) throws IOException {
    out.writeInt(size);
    out.writeInt(next);
    Floats.write(out, Arrays.copyOf(rows, size * width()));
  }

  void read(DataInput in) throws IOException {
    size = in.readInt();
    next = in.readInt();
    rows = new float[size * width()];
    Floats.read(in, rows);
  }
}
