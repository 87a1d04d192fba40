package io.llmagentos.rl.policy;

import static io.llmagentos.rl.policy.Lanes.F;
import static io.llmagentos.rl.policy.Lanes.LENGTH;
import static io.llmagentos.rl.policy.Lanes.PANEL;

import jdk.incubator.vector.FloatVector;

/**
 * The gradient of a layer's weights: g[j][k] = sum over m of d[m][j] * x[m][k]. Lanes are columns k, so every element is one chain of fused multiply-adds in
 * the order of the rows m. The rows of x and g are padded to whole vectors, those of d to at least a multiple of 4.
 */
final class OuterKernels {
  private OuterKernels() {}

  /**
   * @param d [rows][dStride], of which {@code outs} columns count
   * @param x [rows][columns], columns padded
   * @param g [outs padded][columns]
   */
  static void outer(float[] d, int dStride, int outs, float[] x, int columns, int rows, float[] g) {
    int k = 0;
    for (; k + PANEL <= columns; k += PANEL) {
      for (int j = 0; j < outs; j += 4) {
        panelOf4(d, j, dStride, x, k, columns, rows, g, j * columns + k);
      }
    }
    for (; k < columns; k += LENGTH) {
      for (int j = 0; j < outs; j += 4) {
        vectorOf4(d, j, dStride, x, k, columns, rows, g, j * columns + k);
      }
    }
  }

  private static void panelOf4(
      float[] d, int j, int dStride, float[] x, int k, int columns, int rows, float[] g, int at) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    FloatVector c0 = a0;
    FloatVector c1 = a0;
    FloatVector c2 = a0;
    FloatVector c3 = a0;
    FloatVector d0 = a0;
    FloatVector d1 = a0;
    FloatVector d2 = a0;
    FloatVector d3 = a0;
    for (int m = 0; m < rows; m++) {
      int row = m * columns + k;
      int of = m * dStride + j;
      FloatVector x0 = FloatVector.fromArray(F, x, row);
      FloatVector x1 = FloatVector.fromArray(F, x, row + LENGTH);
      FloatVector x2 = FloatVector.fromArray(F, x, row + 2 * LENGTH);
      FloatVector x3 = FloatVector.fromArray(F, x, row + 3 * LENGTH);
      FloatVector s = FloatVector.broadcast(F, d[of]);
      a0 = x0.fma(s, a0);
      a1 = x1.fma(s, a1);
      a2 = x2.fma(s, a2);
      a3 = x3.fma(s, a3);
      s = FloatVector.broadcast(F, d[of + 1]);
      b0 = x0.fma(s, b0);
      b1 = x1.fma(s, b1);
      b2 = x2.fma(s, b2);
      b3 = x3.fma(s, b3);
      s = FloatVector.broadcast(F, d[of + 2]);
      c0 = x0.fma(s, c0);
      c1 = x1.fma(s, c1);
      c2 = x2.fma(s, c2);
      c3 = x3.fma(s, c3);
      s = FloatVector.broadcast(F, d[of + 3]);
      d0 = x0.fma(s, d0);
      d1 = x1.fma(s, d1);
      d2 = x2.fma(s, d2);
      d3 = x3.fma(s, d3);
    }
    store(a0, a1, a2, a3, g, at);
    store(b0, b1, b2, b3, g, at + columns);
    store(c0, c1, c2, c3, g, at + 2 * columns);
    store(d0, d1, d2, d3, g, at + 3 * columns);
  }

  private static void vectorOf4(
      float[] d, int j, int dStride, float[] x, int k, int columns, int rows, float[] g, int at) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector e = a;
    for (int m = 0; m < rows; m++) {
      FloatVector v = FloatVector.fromArray(F, x, m * columns + k);
      int of = m * dStride + j;
      a = v.fma(FloatVector.broadcast(F, d[of]), a);
      b = v.fma(FloatVector.broadcast(F, d[of + 1]), b);
      c = v.fma(FloatVector.broadcast(F, d[of + 2]), c);
      e = v.fma(FloatVector.broadcast(F, d[of + 3]), e);
    }
    a.intoArray(g, at);
    b.intoArray(g, at + columns);
    c.intoArray(g, at + 2 * columns);
    e.intoArray(g, at + 3 * columns);
  }

  private static void store(
      FloatVector v0, FloatVector v1, FloatVector v2, FloatVector v3, float[] g, int at) {
    v0.intoArray(g, at);
    v1.intoArray(g, at + LENGTH);
    v2.intoArray(g, at + 2 * LENGTH);
    v3.intoArray(g, at + 3 * LENGTH);
  }

  /** sums[j] = sum over m of d[m][j], for all {@code columns}, padded. */
  static void columnSums(float[] d, int columns, int rows, float[] sums) {
    for (int j = 0; j < columns; j += LENGTH) {
      FloatVector sum = FloatVector.zero(F);
      for (int m = 0; m < rows; m++) {
        sum = sum.add(FloatVector.fromArray(F, d, m * columns + j));
      }
      sum.intoArray(sums, j);
    }
  }
}
