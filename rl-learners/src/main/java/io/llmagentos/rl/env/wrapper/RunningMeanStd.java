package io.llmagentos.rl.env.wrapper;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Mean and variance of what was seen, one sample at a time, by Chan's parallel formula. In float32, as Gymnasium keeps those of float32 observations, or in
 * float64.
 */
final class RunningMeanStd {
  private final boolean single;
  private final double[] mean;
  private final double[] variance;
  private double count = 1e-4;

  RunningMeanStd(int width, boolean single) {
    this.single = single;
    this.mean = new double[width];
    this.variance = new double[width];
    java.util.Arrays.fill(variance, 1);
  }

  /** Adds entry {@code i} of a sample; {@link #counted} ends the sample. */
  void add(int i, double value) {
    double total = rounded(count + 1);
    double delta = rounded(value - mean[i]);
    double squares = rounded(rounded(variance[i] * rounded(count))
        + rounded(rounded(rounded(delta * delta) * rounded(count)) / total));
    mean[i] = rounded(mean[i] + rounded(delta / total));
    variance[i] = rounded(squares / total);
  }

  void counted() {
    count++;
  }

  /** {@code (value - mean) / sqrt(variance + epsilon)}. */
  double standardised(int i, double value, double epsilon) {
    return rounded(rounded(value - mean[i]) / deviation(i, epsilon));
  }

  double deviation(int i, double epsilon) {
    return rounded(Math.sqrt(rounded(variance[i] + rounded(epsilon))));
  }

  private double rounded(double number) {
    return single ? (float) number : number;
  }

  void write(DataOutput out) throws IOException {
    out.writeDouble(count);
    for (int i = 0; i < mean.length; i++) {
      out.writeDouble(mean[i]);
      out.writeDouble(variance[i]);
    }
  }

  void read(DataInput in) throws IOException {
    count = in.readDouble();
    for (int i = 0; i < mean.length; i++) {
      mean[i] = in.readDouble();
      variance[i] = in.readDouble();
    }
  }
}
