package io.llmagentos.model.engine;

/** An open sequence: its blocks in the cache and how many of its positions are filled. */
final class Sequence {
  private final int[] blocks;
  private final int capacity;
  private final int firstPosition;
  private int length;

  Sequence(int[] blocks, int capacity, int firstPosition) {
    this.blocks = blocks;
    this.capacity = capacity;
    this.firstPosition = firstPosition;
  }

  int[] blocks() {
    return blocks;
  }

  int capacity() {
    return capacity;
  }

  int length() {
    return length;
  }

  /** The index of the next token, which is thereby taken. */
  int append() {
    return length++;
  }

  /** The position that the model sees at an index. */
  int position(int index) {
    return firstPosition + index;
  }
}
