package io.llmagentos.model.engine;

import static io.llmagentos.model.engine.Lanes.F;
import static io.llmagentos.model.engine.Lanes.LENGTH;

import io.llmagentos.model.weights.Activation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * What happens to one row between two matrices. Sums run in double over four interleaved chains; the exponential is a polynomial of our own, because
 * the library's differs between interpreted and compiled code. Element-wise kernels run over whole vectors: rows have room up to the next one.
 */
final class RowKernels {
  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 0.6933594f;
  private static final float LN2_LOW = -2.1219444e-4f;
  /** Added and taken away again, it rounds to an integer, which stands in the low bits in between. */
  private static final float ROUNDER = 12582912f;

  private static final float LEAST = -86f;
  private static final float MOST = 88f;
  private static final float GELU_SCALE = -2 * 0.7978846f;
  private static final float GELU_CUBE = 0.044715f;
  private static final float QUICK_GELU = 1.702f;
  private static final float SQRT_HALF = 0.70710677f;

  private RowKernels() {}

  /** x[i] += y[i]. */
  static void add(float[] x, int xAt, float[] y, int yAt, int length) {
    for (int i = 0; i < length; i += LENGTH) {
      FloatVector.fromArray(F, x, xAt + i)
          .add(FloatVector.fromArray(F, y, yAt + i))
          .intoArray(x, xAt + i);
    }
  }

  static void rmsNorm(
      float[] x, int xAt, int length, float epsilon, float[] weight, float[] y, int yAt) {
    float scale = (float) (1 / Math.sqrt(sumOfSquares(x, xAt, length, 0) / length + epsilon));
    for (int i = 0; i < length; i++) {
      y[yAt + i] = x[xAt + i] * scale * weight[i];
    }
  }

  static void layerNorm(
      float[] x,
      int xAt,
      int length,
      float epsilon,
      float[] weight,
      float[] bias,
      float[] y,
      int yAt) {
    float mean = (float) (sum(x, xAt, length) / length);
    float scale = (float) (1 / Math.sqrt(sumOfSquares(x, xAt, length, mean) / length + epsilon));
    for (int i = 0; i < length; i++) {
      y[yAt + i] = (x[xAt + i] - mean) * scale * weight[i] + bias[i];
    }
  }

  static double sum(float[] x, int at, int length) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 4 <= length; i += 4) {
      s0 += x[at + i];
      s1 += x[at + i + 1];
      s2 += x[at + i + 2];
      s3 += x[at + i + 3];
    }
    for (; i < length; i++) {
      s0 += x[at + i];
    }
    return s0 + s1 + (s2 + s3);
  }

  private static double sumOfSquares(float[] x, int at, int length, float mean) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 4 <= length; i += 4) {
      double d0 = x[at + i] - mean;
      double d1 = x[at + i + 1] - mean;
      double d2 = x[at + i + 2] - mean;
      double d3 = x[at + i + 3] - mean;
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    for (; i < length; i++) {
      double d = x[at + i] - mean;
      s0 += d * d;
    }
    return s0 + s1 + (s2 + s3);
  }

  /** y = f(gate) * up. */
  static void gated(
      Activation f,
      float[] gate,
      int gateAt,
      float[] up,
      int upAt,
      int length,
      float[] y,
      int yAt) {
    if (f == Activation.SILU) {
      siluTimes(gate, gateAt, up, upAt, length, y, yAt);
      return;
    }
    System.arraycopy(gate, gateAt, y, yAt, length);
    activate(f, y, yAt, length);
    for (int i = 0; i < length; i += LENGTH) {
      FloatVector.fromArray(F, y, yAt + i)
          .mul(FloatVector.fromArray(F, up, upAt + i))
          .intoArray(y, yAt + i);
    }
  }

  /** y = silu(gate) * up. */
  static void siluTimes(
      float[] gate, int gateAt, float[] up, int upAt, int length, float[] y, int yAt) {
    for (int i = 0; i < length; i += LENGTH) {
      FloatVector g = FloatVector.fromArray(F, gate, gateAt + i);
      FloatVector u = FloatVector.fromArray(F, up, upAt + i);
      g.div(exp(g.neg()).add(1)).mul(u).intoArray(y, yAt + i);
    }
  }

  /** x = f(x). */
  static void activate(Activation f, float[] x, int at, int length) {
    switch (f) {
      case GELU -> geluByErf(x, at, length);
      case GELU_NEW -> gelu(x, at, length);
      case QUICK_GELU -> timesSigmoid(x, at, length, QUICK_GELU);
      case RELU -> relu(x, at, length);
      case SILU -> timesSigmoid(x, at, length, 1);
    }
  }

  private static void relu(float[] x, int at, int length) {
    for (int i = 0; i < length; i += LENGTH) {
      FloatVector.fromArray(F, x, at + i).max(0).intoArray(x, at + i);
    }
  }

  /** x = x * sigmoid(slope x). */
  private static void timesSigmoid(float[] x, int at, int length, float slope) {
    for (int i = 0; i < length; i += LENGTH) {
      FloatVector v = FloatVector.fromArray(F, x, at + i);
      v.div(exp(v.mul(-slope)).add(1)).intoArray(x, at + i);
    }
  }

  /** x = max(x, 0) - |x| Phi(-|x|), with the error function of Abramowitz and Stegun 7.1.26, within 1e-7 |x|. */
  private static void geluByErf(float[] x, int at, int length) {
    for (int i = 0; i < length; i += LENGTH) {
      FloatVector v = FloatVector.fromArray(F, x, at + i);
      FloatVector size = v.abs();
      FloatVector z = size.mul(SQRT_HALF);
      FloatVector t = FloatVector.broadcast(F, 1).div(z.mul(0.3275911f).add(1));
      FloatVector p = FloatVector.broadcast(F, 1.0614054f);
      p = p.fma(t, FloatVector.broadcast(F, -1.453152f));
      p = p.fma(t, FloatVector.broadcast(F, 1.4214138f));
      p = p.fma(t, FloatVector.broadcast(F, -0.28449672f));
      p = p.fma(t, FloatVector.broadcast(F, 0.2548296f)).mul(t);
      FloatVector tail = p.mul(exp(z.mul(z).neg())).mul(0.5f);
      v.max(0).sub(size.mul(tail)).intoArray(x, at + i);
    }
  }

  /** x = gelu_new(x), the tanh form: x * sigmoid(2 * 0.798 * (x + 0.0447 x^3)). */
  static void gelu(float[] x, int at, int length) {
    for (int i = 0; i < length; i += LENGTH) {
      FloatVector v = FloatVector.fromArray(F, x, at + i);
      FloatVector cubic = v.mul(v).mul(v).mul(GELU_CUBE).add(v);
      v.div(exp(cubic.mul(GELU_SCALE)).add(1)).intoArray(x, at + i);
    }
  }

  /** Turn scores into weights that sum to 1. */
  static void softmax(float[] scores, int length) {
    float max = max(scores, length);
    for (int i = 0; i < length; i += LENGTH) {
      exp(FloatVector.fromArray(F, scores, i).sub(max)).intoArray(scores, i);
    }
    float scale = (float) (1 / sum(scores, 0, length));
    for (int i = 0; i < length; i += LENGTH) {
      FloatVector.fromArray(F, scores, i).mul(scale).intoArray(scores, i);
    }
  }

  private static float max(float[] x, int length) {
    FloatVector lanes = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i + LENGTH <= length; i += LENGTH) {
      lanes = lanes.max(FloatVector.fromArray(F, x, i));
    }
    float max = lanes.reduceLanes(VectorOperators.MAX);
    for (; i < length; i++) {
      max = Math.max(max, x[i]);
    }
    return max;
  }

  /** e^x within 2 ulp for x in -86..88, clamped there. */
  static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.max(LEAST).min(MOST);
    FloatVector rounded =
        clamped.fma(FloatVector.broadcast(F, LOG2_E), FloatVector.broadcast(F, ROUNDER));
    FloatVector n = rounded.sub(ROUNDER);
    FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_HIGH), clamped);
    r = n.fma(FloatVector.broadcast(F, -LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(F, 0.00019875691f);
    p = p.fma(r, FloatVector.broadcast(F, 0.0013981999f));
    p = p.fma(r, FloatVector.broadcast(F, 0.008333452f));
    p = p.fma(r, FloatVector.broadcast(F, 0.041665796f));
    p = p.fma(r, FloatVector.broadcast(F, 0.16666666f));
    p = p.fma(r, FloatVector.broadcast(F, 0.5f));
    p = p.fma(r.mul(r), r).add(1);
    IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }
}
