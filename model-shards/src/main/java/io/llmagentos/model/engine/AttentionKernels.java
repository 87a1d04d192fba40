package io.llmagentos.model.engine;

import static io.llmagentos.model.engine.Lanes.F;
import static io.llmagentos.model.engine.Lanes.LENGTH;
import static io.llmagentos.model.engine.Lanes.PARTIALS;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Scores and weighted sums over one block of cached rows, each {@code width} floats, a multiple of 16. A score has sixteen partial sums on every
 * machine, folded 8, 4, 2, 1; a weighted sum is one chain per element in the order of positions.
 */
final class AttentionKernels {
  private static final VectorShuffle<Float> BY_8 = rotation(8);
  private static final VectorShuffle<Float> BY_4 = rotation(4);
  private static final VectorShuffle<Float> BY_2 = rotation(2);
  private static final VectorShuffle<Float> BY_1 = rotation(1);

  private AttentionKernels() {}

  private static VectorShuffle<Float> rotation(int by) {
    return VectorShuffle.fromOp(F, lane -> (lane + by) % LENGTH);
  }

  /** scores[at + t] = scale * q . k[t]. */
  static void scores(
      float[] q,
      MemorySegment keys,
      long offset,
      int count,
      int width,
      float scale,
      float[] scores,
      int at) {
    switch (LENGTH) {
      case 16 -> scoresOf16(q, keys, offset, count, width, scale, scores, at);
      case 8 -> scoresOf8(q, keys, offset, count, width, scale, scores, at);
      default -> scoresByElement(q, keys, offset, count, width, scale, scores, at);
    }
  }

  private static void scoresOf16(
      float[] q,
      MemorySegment keys,
      long offset,
      int count,
      int width,
      float scale,
      float[] scores,
      int at) {
    for (int t = 0; t < count; t++) {
      long row = offset + (long) t * width * Float.BYTES;
      FloatVector sum = FloatVector.zero(F);
      for (int d = 0; d < width; d += 16) {
        sum =
            Lanes.load(keys, row + (long) d * Float.BYTES).fma(FloatVector.fromArray(F, q, d), sum);
      }
      sum = sum.add(sum.rearrange(BY_8));
      sum = sum.add(sum.rearrange(BY_4));
      sum = sum.add(sum.rearrange(BY_2));
      sum = sum.add(sum.rearrange(BY_1));
      scores[at + t] = sum.lane(0) * scale;
    }
  }

  private static void scoresOf8(
      float[] q,
      MemorySegment keys,
      long offset,
      int count,
      int width,
      float scale,
      float[] scores,
      int at) {
    for (int t = 0; t < count; t++) {
      long row = offset + (long) t * width * Float.BYTES;
      FloatVector low = FloatVector.zero(F);
      FloatVector high = FloatVector.zero(F);
      for (int d = 0; d < width; d += 16) {
        long element = row + (long) d * Float.BYTES;
        low = Lanes.load(keys, element).fma(FloatVector.fromArray(F, q, d), low);
        high = Lanes.load(keys, element + 8 * Float.BYTES)
            .fma(FloatVector.fromArray(F, q, d + 8), high);
      }
      FloatVector sum = low.add(high);
      sum = sum.add(sum.rearrange(BY_4));
      sum = sum.add(sum.rearrange(BY_2));
      sum = sum.add(sum.rearrange(BY_1));
      scores[at + t] = sum.lane(0) * scale;
    }
  }

  static void scoresByElement(
      float[] q,
      MemorySegment keys,
      long offset,
      int count,
      int width,
      float scale,
      float[] scores,
      int at) {
    float[] partials = new float[PARTIALS];
    for (int t = 0; t < count; t++) {
      Arrays.fill(partials, 0);
      long row = offset + (long) t * width * Float.BYTES;
      for (int d = 0; d < width; d++) {
        float key = keys.get(Lanes.FLOAT, row + (long) d * Float.BYTES);
        partials[d % PARTIALS] = Math.fma(key, q[d], partials[d % PARTIALS]);
      }
      for (int half = PARTIALS / 2; half > 0; half /= 2) {
        for (int j = 0; j < half; j++) {
          partials[j] += partials[j + half];
        }
      }
      scores[at + t] = partials[0] * scale;
    }
  }

  /** out += sum over t of weights[at + t] * v[t]. */
  static void weighted(
      float[] weights,
      int at,
      int count,
      MemorySegment values,
      long offset,
      int width,
      float[] out) {
    int d = 0;
    for (; d + Lanes.PANEL <= width; d += Lanes.PANEL) {
      weightedPanel(weights, at, count, values, offset + (long) d * Float.BYTES, width, out, d);
    }
    for (; d < width; d += LENGTH) {
      weightedVector(weights, at, count, values, offset + (long) d * Float.BYTES, width, out, d);
    }
  }

  private static void weightedPanel(
      float[] weights,
      int at,
      int count,
      MemorySegment values,
      long offset,
      int width,
      float[] out,
      int d) {
    long vector = (long) LENGTH * Float.BYTES;
    FloatVector a0 = FloatVector.fromArray(F, out, d);
    FloatVector a1 = FloatVector.fromArray(F, out, d + LENGTH);
    FloatVector a2 = FloatVector.fromArray(F, out, d + 2 * LENGTH);
    FloatVector a3 = FloatVector.fromArray(F, out, d + 3 * LENGTH);
    for (int t = 0; t < count; t++) {
      long row = offset + (long) t * width * Float.BYTES;
      FloatVector weight = FloatVector.broadcast(F, weights[at + t]);
      a0 = Lanes.load(values, row).fma(weight, a0);
      a1 = Lanes.load(values, row + vector).fma(weight, a1);
      a2 = Lanes.load(values, row + 2 * vector).fma(weight, a2);
      a3 = Lanes.load(values, row + 3 * vector).fma(weight, a3);
    }
    a0.intoArray(out, d);
    a1.intoArray(out, d + LENGTH);
    a2.intoArray(out, d + 2 * LENGTH);
    a3.intoArray(out, d + 3 * LENGTH);
  }

  private static void weightedVector(
      float[] weights,
      int at,
      int count,
      MemorySegment values,
      long offset,
      int width,
      float[] out,
      int d) {
    FloatVector sum = FloatVector.fromArray(F, out, d);
    for (int t = 0; t < count; t++) {
      long row = offset + (long) t * width * Float.BYTES;
      sum = Lanes.load(values, row).fma(FloatVector.broadcast(F, weights[at + t]), sum);
    }
    sum.intoArray(out, d);
  }
}
