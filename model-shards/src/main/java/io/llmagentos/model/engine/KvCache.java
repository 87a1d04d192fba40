package io.llmagentos.model.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Keys and values of all sequences, off-heap as {@code [layer][block][head][position in block][d]} floats, d rounded up to a multiple of 16 with
 * zeros. A sequence holds a table of blocks; which blocks they are changes nothing in the results.
 */
final class KvCache {
  private final int blockTokens;
  private final int blocks;
  private final int heads;
  private final int width;
  private final MemorySegment keys;
  private final MemorySegment values;
  private final int[] free;
  private int freeCount;

  KvCache(Arena arena, int layers, int heads, int headDim, int blockTokens, int blocks) {
    this.blockTokens = blockTokens;
    this.blocks = blocks;
    this.heads = heads;
    this.width = Math.ceilDiv(headDim, Lanes.PARTIALS) * Lanes.PARTIALS;
    long floats = Math.multiplyExact((long) layers * blocks * heads, (long) blockTokens * width);
    keys = FreshPages.allocate(arena, Math.multiplyExact(floats, Float.BYTES), 64);
    values = FreshPages.allocate(arena, Math.multiplyExact(floats, Float.BYTES), 64);
    free = new int[blocks];
    freeCount = blocks;
    for (int i = 0; i < blocks; i++) {
      free[i] = blocks - 1 - i;
    }
  }

  /** Blocks for {@code tokens} positions, or nothing when so many are not free. */
  Optional<int[]> reserve(int tokens) {
    int count = Math.ceilDiv(tokens, blockTokens);
    if (count > freeCount) {
      return Optional.empty();
    }
    int[] table = new int[count];
    for (int i = 0; i < count; i++) {
      table[i] = free[--freeCount];
    }
    return Optional.of(table);
  }

  void release(int[] table) {
    for (int i = table.length - 1; i >= 0; i--) {
      free[freeCount++] = table[i];
    }
  }

  int freeBlocks() {
    return freeCount;
  }

  int blockTokens() {
    return blockTokens;
  }

  /** Floats from one position to the next, at least the head's width. */
  int width() {
    return width;
  }

  MemorySegment keys() {
    return keys;
  }

  MemorySegment values() {
    return values;
  }

  /** Where the first position of a block lies, in bytes, in both segments. */
  long offset(int layer, int block, int head) {
    return (((long) layer * blocks + block) * heads + head) * blockTokens * width * Float.BYTES;
  }
}
