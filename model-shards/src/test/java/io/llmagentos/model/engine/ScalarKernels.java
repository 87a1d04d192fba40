package io.llmagentos.model.engine;

/** The arithmetic of the fast kernels one element at a time: slow, obvious, equal to the bit. */
final class ScalarKernels {
  private ScalarKernels() {}

  /** y = bias + sum over k of x[k] * w[k][n], in the order of k. */
  static float chain(float bias, float[] x, float[] w, int outputs, int n) {
    float y = bias;
    for (int k = 0; k < x.length; k++) {
      y = Math.fma(w[k * outputs + n], x[k], y);
    }
    return y;
  }

  static float exp(float x) {
    float clamped = Math.min(Math.max(x, -86f), 88f);
    float rounded = Math.fma(clamped, 1.442695f, 12582912f);
    float n = rounded - 12582912f;
    float r = Math.fma(n, -0.6933594f, clamped);
    r = Math.fma(n, 2.1219444e-4f, r);
    float p = 0.00019875691f;
    p = Math.fma(p, r, 0.0013981999f);
    p = Math.fma(p, r, 0.008333452f);
    p = Math.fma(p, r, 0.041665796f);
    p = Math.fma(p, r, 0.16666666f);
    p = Math.fma(p, r, 0.5f);
    p = Math.fma(p, r * r, r) + 1;
    int exponent = Float.floatToRawIntBits(rounded) << 23;
    return Float.intBitsToFloat(Float.floatToRawIntBits(p) + exponent);
  }

  static float silu(float x) {
    return x / (exp(-x) + 1);
  }

  static float gelu(float x) {
    float cubic = x * x * x * 0.044715f + x;
    return x / (exp(cubic * (-2 * 0.7978846f)) + 1);
  }

  /** Scores, softmax and weighted sum of one query over [position][width] keys and values; partial sums by element mod 16. */
  static float[] attend(float[] q, float[][] keys, float[][] values, float scale) {
    float[] scores = new float[keys.length];
    float max = Float.NEGATIVE_INFINITY;
    for (int t = 0; t < keys.length; t++) {
      scores[t] = score(q, keys[t]) * scale;
      max = Math.max(max, scores[t]);
    }
    for (int t = 0; t < scores.length; t++) {
      scores[t] = exp(scores[t] - max);
    }
    float inverse = (float) (1 / RowKernels.sum(scores, 0, scores.length));
    float[] out = new float[q.length];
    for (int t = 0; t < scores.length; t++) {
      for (int d = 0; d < q.length; d++) {
        out[d] = Math.fma(values[t][d], scores[t] * inverse, out[d]);
      }
    }
    return out;
  }

  private static float score(float[] q, float[] key) {
    float[] partials = new float[16];
    for (int d = 0; d < q.length; d++) {
      partials[d % 16] = Math.fma(key[d], q[d], partials[d % 16]);
    }
    for (int half = 8; half > 0; half /= 2) {
      for (int j = 0; j < half; j++) {
        partials[j] += partials[j + half];
      }
    }
    return partials[0];
  }
}
