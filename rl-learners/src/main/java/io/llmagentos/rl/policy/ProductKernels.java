package io.llmagentos.rl.policy;

import static io.llmagentos.rl.policy.Lanes.F;
import static io.llmagentos.rl.policy.Lanes.LENGTH;
import static io.llmagentos.rl.policy.Lanes.PANEL;

import jdk.incubator.vector.FloatVector;

/**
 * y[m][j] = start[j] + sum over k of x[m][k] * w[k][j]. Lanes are columns j, so every output is one chain of fused multiply-adds in the order of k: the same
 * bits for any number of rows and any vector length. The rows of w and y are padded to whole vectors.
 */
final class ProductKernels {
  private ProductKernels() {}

  /**
   * @param x [rows], {@code xStride} apart, {@code count} numbers each
   * @param w [count][columns], columns padded
   * @param start [columns], at {@code startAt}
   * @param y [rows][columns]
   */
  static void product(
      float[] x,
      int xStride,
      int rows,
      int count,
      float[] w,
      float[] start,
      int columns,
      float[] y) {
    int j = 0;
    for (; j + PANEL <= columns; j += PANEL) {
      int m = 0;
      for (; m + 4 <= rows; m += 4) {
        panelOf4(x, m * xStride, xStride, count, w, columns, start, j, y, m * columns + j);
      }
      for (; m < rows; m++) {
        panel(x, m * xStride, count, w, columns, start, j, y, m * columns + j);
      }
    }
    for (; j < columns; j += LENGTH) {
      int m = 0;
      for (; m + 8 <= rows; m += 8) {
        vectorOf8(x, m * xStride, xStride, count, w, columns, start, j, y, m * columns + j);
      }
      for (; m < rows; m++) {
        vector(x, m * xStride, count, w, columns, start, j, y, m * columns + j);
      }
    }
  }

  private static void panelOf4(
      float[] x,
      int x0,
      int xStride,
      int count,
      float[] w,
      int columns,
      float[] start,
      int j,
      float[] y,
      int at) {
    int x1 = x0 + xStride;
    int x2 = x1 + xStride;
    int x3 = x2 + xStride;
    FloatVector a0 = FloatVector.fromArray(F, start, j);
    FloatVector a1 = FloatVector.fromArray(F, start, j + LENGTH);
    FloatVector a2 = FloatVector.fromArray(F, start, j + 2 * LENGTH);
    FloatVector a3 = FloatVector.fromArray(F, start, j + 3 * LENGTH);
    FloatVector b0 = a0;
    FloatVector b1 = a1;
    FloatVector b2 = a2;
    FloatVector b3 = a3;
    FloatVector c0 = a0;
    FloatVector c1 = a1;
    FloatVector c2 = a2;
    FloatVector c3 = a3;
    FloatVector d0 = a0;
    FloatVector d1 = a1;
    FloatVector d2 = a2;
    FloatVector d3 = a3;
    for (int k = 0; k < count; k++) {
      int row = k * columns + j;
      FloatVector w0 = FloatVector.fromArray(F, w, row);
      FloatVector w1 = FloatVector.fromArray(F, w, row + LENGTH);
      FloatVector w2 = FloatVector.fromArray(F, w, row + 2 * LENGTH);
      FloatVector w3 = FloatVector.fromArray(F, w, row + 3 * LENGTH);
      FloatVector s = FloatVector.broadcast(F, x[x0 + k]);
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
    store(a0, a1, a2, a3, y, at);
    store(b0, b1, b2, b3, y, at + columns);
    store(c0, c1, c2, c3, y, at + 2 * columns);
    store(d0, d1, d2, d3, y, at + 3 * columns);
  }

  private static void panel(
      float[] x,
      int x0,
      int count,
      float[] w,
      int columns,
      float[] start,
      int j,
      float[] y,
      int at) {
    FloatVector a0 = FloatVector.fromArray(F, start, j);
    FloatVector a1 = FloatVector.fromArray(F, start, j + LENGTH);
    FloatVector a2 = FloatVector.fromArray(F, start, j + 2 * LENGTH);
    FloatVector a3 = FloatVector.fromArray(F, start, j + 3 * LENGTH);
    for (int k = 0; k < count; k++) {
      int row = k * columns + j;
      FloatVector s = FloatVector.broadcast(F, x[x0 + k]);
      a0 = FloatVector.fromArray(F, w, row).fma(s, a0);
      a1 = FloatVector.fromArray(F, w, row + LENGTH).fma(s, a1);
      a2 = FloatVector.fromArray(F, w, row + 2 * LENGTH).fma(s, a2);
      a3 = FloatVector.fromArray(F, w, row + 3 * LENGTH).fma(s, a3);
    }
    store(a0, a1, a2, a3, y, at);
  }

  private static void vectorOf8(
      float[] x,
      int x0,
      int xStride,
      int count,
      float[] w,
      int columns,
      float[] start,
      int j,
      float[] y,
      int at) {
    int x4 = x0 + 4 * xStride;
    FloatVector a = FloatVector.fromArray(F, start, j);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    FloatVector e = a;
    FloatVector f = a;
    FloatVector g = a;
    FloatVector h = a;
    for (int k = 0; k < count; k++) {
      FloatVector v = FloatVector.fromArray(F, w, k * columns + j);
      a = v.fma(FloatVector.broadcast(F, x[x0 + k]), a);
      b = v.fma(FloatVector.broadcast(F, x[x0 + xStride + k]), b);
      c = v.fma(FloatVector.broadcast(F, x[x0 + 2 * xStride + k]), c);
      d = v.fma(FloatVector.broadcast(F, x[x0 + 3 * xStride + k]), d);
      e = v.fma(FloatVector.broadcast(F, x[x4 + k]), e);
      f = v.fma(FloatVector.broadcast(F, x[x4 + xStride + k]), f);
      g = v.fma(FloatVector.broadcast(F, x[x4 + 2 * xStride + k]), g);
      h = v.fma(FloatVector.broadcast(F, x[x4 + 3 * xStride + k]), h);
    }
    a.intoArray(y, at);
    b.intoArray(y, at + columns);
    c.intoArray(y, at + 2 * columns);
    d.intoArray(y, at + 3 * columns);
    e.intoArray(y, at + 4 * columns);
    f.intoArray(y, at + 5 * columns);
    g.intoArray(y, at + 6 * columns);
    h.intoArray(y, at + 7 * columns);
  }

  private static void vector(
      float[] x,
      int x0,
      int count,
      float[] w,
      int columns,
      float[] start,
      int j,
      float[] y,
      int at) {
    FloatVector a = FloatVector.fromArray(F, start, j);
    for (int k = 0; k < count; k++) {
      a = FloatVector.fromArray(F, w, k * columns + j).fma(FloatVector.broadcast(F, x[x0 + k]), a);
    }
    a.intoArray(y, at);
  }

  private static void store(
      FloatVector v0, FloatVector v1, FloatVector v2, FloatVector v3, float[] y, int at) {
    v0.intoArray(y, at);
    v1.intoArray(y, at + LENGTH);
    v2.intoArray(y, at + 2 * LENGTH);
    v3.intoArray(y, at + 3 * LENGTH);
  }
}
