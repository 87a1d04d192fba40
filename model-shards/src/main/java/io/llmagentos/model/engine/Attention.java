package io.llmagentos.model.engine;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Causal attention of rows over their sequences' caches; several query heads may share a head of keys and values. */
final class Attention {
  private final KvCache cache;
  private final Workers workers;
  private final int heads;
  private final int keyValueHeads;
  private final int headDim;

  Attention(KvCache cache, Workers workers, int heads, int keyValueHeads, int headDim) {
    this.cache = cache;
    this.workers = workers;
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.headDim = headDim;
  }

  /**
   * Cache the rows' keys and values, then attend.
   *
   * @param qkv [row][q heads, k heads, v heads][headDim]
   * @param out [row][heads][headDim]
   */
  void run(
      int layer, Rows rows, float[] qkv, int qkvStride, float scale, float[] out, int outStride) {
    for (int row = 0; row < rows.count; row++) {
      store(layer, rows.sequences[row], rows.indices[row], qkv, row * qkvStride);
    }
    workers.run(rows.count * heads, (item, scratch) -> {
      int row = item / heads;
      int head = item % heads;
      attend(
          layer,
          head * keyValueHeads / heads,
          rows.sequences[row],
          rows.indices[row] + 1,
          scratch,
          qkv,
          row * qkvStride + head * headDim,
          scale,
          out,
          row * outStride + head * headDim);
    });
  }

  private void store(int layer, Sequence sequence, int index, float[] qkv, int at) {
    int block = sequence.blocks()[index / cache.blockTokens()];
    long position = (long) (index % cache.blockTokens()) * cache.width() * Float.BYTES;
    int key = at + heads * headDim;
    int value = key + keyValueHeads * headDim;
    for (int head = 0; head < keyValueHeads; head++) {
      long offset = cache.offset(layer, block, head) + position;
      MemorySegment.copy(qkv, key + head * headDim, cache.keys(), Lanes.FLOAT, offset, headDim);
      MemorySegment.copy(qkv, value + head * headDim, cache.values(), Lanes.FLOAT, offset, headDim);
    }
  }

  private void attend(
      int layer,
      int keyValueHead,
      Sequence sequence,
      int length,
      Workers.Scratch scratch,
      float[] qkv,
      int qAt,
      float scale,
      float[] out,
      int outAt) {
    int width = cache.width();
    int blockTokens = cache.blockTokens();
    float[] q = scratch.query(width);
    float[] sum = scratch.sum(width);
    float[] scores = scratch.scores(length + Lanes.LENGTH);
    System.arraycopy(qkv, qAt, q, 0, headDim);
    Arrays.fill(q, headDim, width, 0);
    for (int t = 0; t < length; t += blockTokens) {
      long offset = cache.offset(layer, sequence.blocks()[t / blockTokens], keyValueHead);
      int count = Math.min(blockTokens, length - t);
      AttentionKernels.scores(q, cache.keys(), offset, count, width, scale, scores, t);
    }
    RowKernels.softmax(scores, length);
    Arrays.fill(sum, 0, width, 0);
    for (int t = 0; t < length; t += blockTokens) {
      long offset = cache.offset(layer, sequence.blocks()[t / blockTokens], keyValueHead);
      int count = Math.min(blockTokens, length - t);
      AttentionKernels.weighted(scores, t, count, cache.values(), offset, width, sum);
    }
    System.arraycopy(sum, 0, out, outAt, headDim);
  }
}
