package io.llmagentos.model;

import io.llmagentos.model.weights.Activation;
import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/** What transformers are made of, in double and in plain loops, from the formulas. Rows are tokens. */
public final class ReferenceBlocks {
  private final Map<String, double[]> weights;

  ReferenceBlocks(Map<String, double[]> weights) {
    this.weights = weights;
  }

  /** Whether the query at a row may look at the key at another. */
  interface Mask {
    boolean allows(int query, int key);
  }

  /** What is added to a score. */
  interface Bias {
    double at(int head, int query, int key);
  }

  /**
   * Attention of several heads.
   *
   * @param heads of queries
   * @param keyHeads of keys and values, each for as many heads of queries
   * @param scale of the scores
   */
  record MultiHead(int heads, int keyHeads, double scale, Mask mask, Bias bias) {

    /** Queries [T][heads * d], keys and values [S][keyHeads * d]; result [T][heads * d]. */
    double[][] attend(double[][] queries, double[][] keys, double[][] values) {
      int size = queries[0].length / heads;
      double[][] joined = new double[queries.length][queries[0].length];
      for (int head = 0; head < heads; head++) {
        int keyHead = head / (heads / keyHeads);
        double[][] y = attend(
            head,
            columns(queries, head * size, size),
            columns(keys, keyHead * size, size),
            columns(values, keyHead * size, size));
        for (int t = 0; t < y.length; t++) {
          System.arraycopy(y[t], 0, joined[t], head * size, size);
        }
      }
      return joined;
    }

    /** softmax(scale q k^T + bias) v of one head. */
    private double[][] attend(int head, double[][] q, double[][] k, double[][] v) {
      double[][] y = new double[q.length][v[0].length];
      for (int t = 0; t < q.length; t++) {
        double[] scores = new double[k.length];
        for (int s = 0; s < k.length; s++) {
          scores[s] = mask.allows(t, s)
              ? scale * dot(q[t], k[s]) + bias.at(head, t, s)
              : Double.NEGATIVE_INFINITY;
        }
        double[] shares = softmax(scores);
        for (int s = 0; s < k.length; s++) {
          for (int d = 0; d < y[t].length; d++) {
            y[t][d] += shares[s] * v[s][d];
          }
        }
      }
      return y;
    }
  }

  /** Zeros where nothing is allowed. */
  static double[] softmax(double[] scores) {
    double max = Arrays.stream(scores).max().orElseThrow();
    double[] shares = map(scores, score -> max == score ? 1 : Math.exp(score - max));
    double sum = Arrays.stream(shares).sum();
    return map(shares, share -> max == Double.NEGATIVE_INFINITY ? 0 : share / sum);
  }

  /** The first matrix, a function in between, the second matrix. */
  static double[][] feedForward(
      double[][] x, Linear first, Activation activation, @Nullable Linear gate, Linear second) {
    double[][] h = activate(activation, first.apply(x));
    return second.apply(gate == null ? h : multiply(h, gate.apply(x)));
  }

  /** A matrix product with its bias. */
  interface Linear {
    double[][] apply(double[][] x);
  }

  /** Weights [out][in]. */
  Linear linear(String name, boolean biased) {
    double[] w = weight(name + ".weight");
    double @Nullable [] b = biased ? weight(name + ".bias") : null;
    return x -> {
      int inputs = x[0].length;
      return product(x, w.length / inputs, b, (in, out) -> w[out * inputs + in]);
    };
  }

  /** Weights [in][out]. */
  Linear convolution(String name) {
    double[] w = weight(name + ".weight");
    double[] b = weight(name + ".bias");
    return x -> product(x, b.length, b, (in, out) -> w[in * b.length + out]);
  }

  private interface Weight {
    double at(int in, int out);
  }

  private static double[][] product(
      double[][] x, int outputs, double @Nullable [] bias, Weight weight) {
    double[][] y = new double[x.length][outputs];
    for (int t = 0; t < x.length; t++) {
      for (int out = 0; out < outputs; out++) {
        double sum = bias == null ? 0 : bias[out];
        for (int in = 0; in < x[t].length; in++) {
          sum += x[t][in] * weight.at(in, out);
        }
        y[t][out] = sum;
      }
    }
    return y;
  }

  /** Rows of a table. */
  double[][] embedding(String name, int[] ids, int width) {
    double[] table = weight(name);
    return Arrays.stream(ids)
        .mapToObj(id -> Arrays.copyOfRange(table, id * width, (id + 1) * width))
        .toArray(double[][]::new);
  }

  double[][] layerNorm(double[][] x, String name, double epsilon) {
    double[] weight = weight(name + ".weight");
    double[] bias = weight(name + ".bias");
    return rows(x, row -> {
      double mean = Arrays.stream(row).average().orElseThrow();
      double variance = Arrays.stream(row).map(v -> (v - mean) * (v - mean)).sum() / row.length;
      double[] y = new double[row.length];
      Arrays.setAll(y, j -> (row[j] - mean) / Math.sqrt(variance + epsilon) * weight[j] + bias[j]);
      return y;
    });
  }

  double[][] rmsNorm(double[][] x, String name, double epsilon) {
    double[] weight = weight(name);
    return rows(x, row -> {
      double square = Arrays.stream(row).map(v -> v * v).sum() / row.length;
      double[] y = new double[row.length];
      Arrays.setAll(y, j -> row[j] / Math.sqrt(square + epsilon) * weight[j]);
      return y;
    });
  }

  private interface Row {
    double[] of(double[] row);
  }

  private static double[][] rows(double[][] x, Row function) {
    return Arrays.stream(x).map(function::of).toArray(double[][]::new);
  }

  double[] weight(String name) {
    double[] weight = weights.get(name);
    if (weight == null) {
      throw new AssertionError("no weight " + name + " in " + weights.keySet());
    }
    return weight;
  }

  static double[][] columns(double[][] x, int from, int count) {
    return rows(x, row -> Arrays.copyOfRange(row, from, from + count));
  }

  static double[][] add(double[][] x, double[][] y) {
    return combine(x, y, false);
  }

  static double[][] multiply(double[][] x, double[][] y) {
    return combine(x, y, true);
  }

  private static double[][] combine(double[][] x, double[][] y, boolean multiplied) {
    double[][] z = new double[x.length][x[0].length];
    for (int t = 0; t < z.length; t++) {
      for (int j = 0; j < z[t].length; j++) {
        z[t][j] = multiplied ? x[t][j] * y[t][j] : x[t][j] + y[t][j];
      }
    }
    return z;
  }

  static double[][] map(double[][] x, DoubleUnaryOperator f) {
    return rows(x, row -> map(row, f));
  }

  private static double[] map(double[] x, DoubleUnaryOperator f) {
    return Arrays.stream(x).map(f).toArray();
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  static double[][] activate(Activation f, double[][] x) {
    return map(x, v -> activate(f, v));
  }

  public static double activate(Activation f, double x) {
    return switch (f) {
      case RELU -> Math.max(x, 0);
      case SILU -> x / (1 + Math.exp(-x));
      case QUICK_GELU -> x / (1 + Math.exp(-1.702 * x));
      case GELU_NEW ->
        0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case GELU -> 0.5 * x * (1 + erf(x / Math.sqrt(2)));
    };
  }

  /** 2/sqrt(pi) exp(-x^2) times the sum of 2^n x^(2n+1) / (2n+1)!!, whose terms have one sign. */
  private static double erf(double x) {
    if (Math.abs(x) > 6) {
      return Math.signum(x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; n < 300; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }
}
