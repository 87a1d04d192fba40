package io.llmagentos.model.engine;

import static io.llmagentos.model.engine.Lanes.F;
import static io.llmagentos.model.engine.Lanes.I;
import static io.llmagentos.model.engine.Lanes.LENGTH;
import static io.llmagentos.model.engine.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * y[m][0..PANEL) += sum over k of x[m][k] * w[k][0..PANEL), for one row or four. Lanes are output columns, so every output is one chain of fused
 * multiply-adds in the order of k: the same bits for any number of rows, any cut of k into blocks, any vector length, and for a scalar loop over
 * {@link Math#fma(float, float, float)}.
 *
 * <p>A bf16 panel holds two columns in an int, the lower half LENGTH columns before the upper: widening is a shift and a mask.
 */
final class PanelKernels {
  private static final long F32_VECTOR = (long) LENGTH * Float.BYTES;
  static final long F32_STEP = 4 * F32_VECTOR;
  static final long BF16_STEP = 2 * F32_VECTOR;
  private static final int LINE = 64;
  private static final int HIGH = 0xffff0000;

  private PanelKernels() {}

  static void f32x1(
      MemorySegment w, long offset, float[] x, int xAt, int count, float[] y, int yAt) {
    FloatVector a0 = FloatVector.fromArray(F, y, yAt);
    FloatVector a1 = FloatVector.fromArray(F, y, yAt + LENGTH);
    FloatVector a2 = FloatVector.fromArray(F, y, yAt + 2 * LENGTH);
    FloatVector a3 = FloatVector.fromArray(F, y, yAt + 3 * LENGTH);
    for (int k = 0; k < count; k++) {
      long at = offset + k * F32_STEP;
      FloatVector b = FloatVector.broadcast(F, x[xAt + k]);
      a0 = Lanes.load(w, at).fma(b, a0);
      a1 = Lanes.load(w, at + F32_VECTOR).fma(b, a1);
      a2 = Lanes.load(w, at + 2 * F32_VECTOR).fma(b, a2);
      a3 = Lanes.load(w, at + 3 * F32_VECTOR).fma(b, a3);
    }
    a0.intoArray(y, yAt);
    a1.intoArray(y, yAt + LENGTH);
    a2.intoArray(y, yAt + 2 * LENGTH);
    a3.intoArray(y, yAt + 3 * LENGTH);
  }

  static void bf16x1(
      MemorySegment w, long offset, float[] x, int xAt, int count, float[] y, int yAt) {
    FloatVector a0 = FloatVector.fromArray(F, y, yAt);
    FloatVector a1 = FloatVector.fromArray(F, y, yAt + LENGTH);
    FloatVector a2 = FloatVector.fromArray(F, y, yAt + 2 * LENGTH);
    FloatVector a3 = FloatVector.fromArray(F, y, yAt + 3 * LENGTH);
    for (int k = 0; k < count; k++) {
      long at = offset + k * BF16_STEP;
      FloatVector b = FloatVector.broadcast(F, x[xAt + k]);
      IntVector left = IntVector.fromMemorySegment(I, w, at, ORDER);
      IntVector right = IntVector.fromMemorySegment(I, w, at + F32_VECTOR, ORDER);
      a0 = low(left).fma(b, a0);
      a1 = high(left).fma(b, a1);
      a2 = low(right).fma(b, a2);
      a3 = high(right).fma(b, a3);
    }
    a0.intoArray(y, yAt);
    a1.intoArray(y, yAt + LENGTH);
    a2.intoArray(y, yAt + 2 * LENGTH);
    a3.intoArray(y, yAt + 3 * LENGTH);
  }

  static void f32x4(
      MemorySegment w,
      long offset,
      float[] x,
      int xAt,
      int xStride,
      int count,
      float[] y,
      int yAt,
      int yStride) {
    int y1 = yAt + yStride;
    int y2 = y1 + yStride;
    int y3 = y2 + yStride;
    int x1 = xAt + xStride;
    int x2 = x1 + xStride;
    int x3 = x2 + xStride;
    FloatVector a0 = FloatVector.fromArray(F, y, yAt);
    FloatVector a1 = FloatVector.fromArray(F, y, yAt + LENGTH);
    FloatVector a2 = FloatVector.fromArray(F, y, yAt + 2 * LENGTH);
    FloatVector a3 = FloatVector.fromArray(F, y, yAt + 3 * LENGTH);
    FloatVector b0 = FloatVector.fromArray(F, y, y1);
    FloatVector b1 = FloatVector.fromArray(F, y, y1 + LENGTH);
    FloatVector b2 = FloatVector.fromArray(F, y, y1 + 2 * LENGTH);
    FloatVector b3 = FloatVector.fromArray(F, y, y1 + 3 * LENGTH);
    FloatVector c0 = FloatVector.fromArray(F, y, y2);
    FloatVector c1 = FloatVector.fromArray(F, y, y2 + LENGTH);
    FloatVector c2 = FloatVector.fromArray(F, y, y2 + 2 * LENGTH);
    FloatVector c3 = FloatVector.fromArray(F, y, y2 + 3 * LENGTH);
    FloatVector d0 = FloatVector.fromArray(F, y, y3);
    FloatVector d1 = FloatVector.fromArray(F, y, y3 + LENGTH);
    FloatVector d2 = FloatVector.fromArray(F, y, y3 + 2 * LENGTH);
    FloatVector d3 = FloatVector.fromArray(F, y, y3 + 3 * LENGTH);
    for (int k = 0; k < count; k++) {
      long at = offset + k * F32_STEP;
      FloatVector w0 = Lanes.load(w, at);
      FloatVector w1 = Lanes.load(w, at + F32_VECTOR);
      FloatVector w2 = Lanes.load(w, at + 2 * F32_VECTOR);
      FloatVector w3 = Lanes.load(w, at + 3 * F32_VECTOR);
      FloatVector s = FloatVector.broadcast(F, x[xAt + k]);
      a0 = w0.fma(s, a0);
      a1 = w1.fma(s, a1);
      a2 = w2.fma(s, a2);
      a3 = w3.fma(s, a3);
      s = FloatVector.broadcast(F, x[x1 + k]);
      b0 = w0.fma(s, b0);
      b1 = w1.fma(s, b1);
      b2 = w2.fma(s, b2);
      b3 = w3.fma(s, b3);
      s = FloatVector.broadcast(F, x[x2 + k]);
      c0 = w0.fma(s, c0);
      c1 = w1.fma(s, c1);
      c2 = w2.fma(s, c2);
      c3 = w3.fma(s, c3);
      s = FloatVector.broadcast(F, x[x3 + k]);
      d0 = w0.fma(s, d0);
      d1 = w1.fma(s, d1);
      d2 = w2.fma(s, d2);
      d3 = w3.fma(s, d3);
    }
    a0.intoArray(y, yAt);
    a1.intoArray(y, yAt + LENGTH);
    a2.intoArray(y, yAt + 2 * LENGTH);
    a3.intoArray(y, yAt + 3 * LENGTH);
    b0.intoArray(y, y1);
    b1.intoArray(y, y1 + LENGTH);
    b2.intoArray(y, y1 + 2 * LENGTH);
    b3.intoArray(y, y1 + 3 * LENGTH);
    c0.intoArray(y, y2);
    c1.intoArray(y, y2 + LENGTH);
    c2.intoArray(y, y2 + 2 * LENGTH);
    c3.intoArray(y, y2 + 3 * LENGTH);
    d0.intoArray(y, y3);
    d1.intoArray(y, y3 + LENGTH);
    d2.intoArray(y, y3 + 2 * LENGTH);
    d3.intoArray(y, y3 + 3 * LENGTH);
  }

  /** Read one element of every cache line, as fast as memory gives it: four rows' worth of arithmetic at a time does not run far enough ahead. */
  static int touch(MemorySegment w, long offset, long bytes) {
    int any = 0;
    for (long at = offset; at < offset + bytes; at += LINE) {
      any |= w.get(ValueLayout.JAVA_INT, at);
    }
    return any;
  }

  /** Widen {@code count} steps of a bf16 panel into f32 panel memory. */
  static void widen(MemorySegment w, long offset, int count, MemorySegment f32) {
    for (int k = 0; k < count; k++) {
      long from = offset + k * BF16_STEP;
      long to = k * F32_STEP;
      IntVector left = IntVector.fromMemorySegment(I, w, from, ORDER);
      IntVector right = IntVector.fromMemorySegment(I, w, from + F32_VECTOR, ORDER);
      low(left).intoMemorySegment(f32, to, ORDER);
      high(left).intoMemorySegment(f32, to + F32_VECTOR, ORDER);
      low(right).intoMemorySegment(f32, to + 2 * F32_VECTOR, ORDER);
      high(right).intoMemorySegment(f32, to + 3 * F32_VECTOR, ORDER);
    }
  }

  private static FloatVector low(IntVector pair) {
    return pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  private static FloatVector high(IntVector pair) {
    return pair.and(HIGH).reinterpretAsFloats();
  }
}
