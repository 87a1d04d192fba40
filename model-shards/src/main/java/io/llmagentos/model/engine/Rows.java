package io.llmagentos.model.engine;

/** The rows of one pass: the token of each, the sequence it belongs to and its index there. */
final class Rows {
  final int[] tokens;
  final int[] indices;
  final Sequence[] sequences;
  int count;

  Rows(int capacity) {
    tokens = new int[capacity];
    indices = new int[capacity];
    sequences = new Sequence[capacity];
  }

  void clear() {
    count = 0;
  }

  boolean isFull() {
    return count == tokens.length;
  }

  void add(Sequence sequence, int token) {
    tokens[count] = token;
    indices[count] = sequence.append();
    sequences[count++] = sequence;
  }

  int position(int row) {
    return sequences[row].position(indices[row]);
  }
}
