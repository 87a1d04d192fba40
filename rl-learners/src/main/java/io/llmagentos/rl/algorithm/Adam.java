package io.llmagentos.rl.algorithm;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Adam (Kingma, Ba 2015) as PyTorch defines it, betas 0.9 and 0.999, in float32, over a part of a flat parameter vector. */
final class Adam {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;

  private final double epsilon;
  private final float[] mean;
  private final float[] square;
  private long steps;

  Adam(int parameters, double epsilon) {
    this.epsilon = epsilon;
    this.mean = new float[parameters];
    this.square = new float[parameters];
  }

  /** Moves {@code parameters[at ..]} along {@code gradients[gradientAt ..]}. */
  void step(float[] parameters, int at, float[] gradients, int gradientAt, double learningRate) {
    steps++;
    double correction1 = 1 - Math.pow(BETA1, (double) steps);
    double correction2 = 1 - Math.pow(BETA2, (double) steps);
    float stepSize = (float) (learningRate / correction1);
    float scale = (float) (1 / Math.sqrt(correction2));
    float eps = (float) epsilon;
    for (int i = 0; i < mean.length; i++) {
      float g = gradients[gradientAt + i];
      float m = (float) BETA1 * mean[i] + (float) (1 - BETA1) * g;
      float v = (float) BETA2 * square[i] + (float) (1 - BETA2) * g * g;
      mean[i] = m;
      square[i] = v;
      parameters[at + i] -= stepSize * m / ((float) Math.sqrt(v) * scale + eps);
    }
  }

  void write(DataOutput out) throws IOException {
    out.writeLong(steps);
    Floats.write(out, mean);
    Floats.write(out, square);
  }

  void read(DataInput in) throws IOException {
    steps = in.readLong();
    Floats.read(in, mean);
    Floats.read(in, square);
  }
}
