package io.llmagentos.model.engine;

import io.llmagentos.model.weights.LlamaConfig;

/** Rotary positions in halves: element i of a head turns with element i + d/2 (Su et al. 2021, in Hugging Face's order of weights). */
final class Rotary {
  private final int half;
  private final float[] cos;
  private final float[] sin;

  Rotary(LlamaConfig config, int positions) {
    half = config.headDim() / 2;
    cos = new float[positions * half];
    sin = new float[positions * half];
    float[] frequencies = config.rotaryFrequencies();
    for (int position = 0; position < positions; position++) {
      for (int i = 0; i < half; i++) {
        float angle = position * frequencies[i];
        cos[position * half + i] = (float) Math.cos(angle);
        sin[position * half + i] = (float) Math.sin(angle);
      }
    }
  }

  void turn(float[] x, int at, int heads, int position) {
    int table = position * half;
    for (int head = 0; head < heads; head++) {
      int first = at + 2 * head * half;
      for (int i = 0; i < half; i++) {
        float a = x[first + i];
        float b = x[first + half + i];
        x[first + i] = a * cos[table + i] - b * sin[table + i];
        x[first + half + i] = b * cos[table + i] + a * sin[table + i];
      }
    }
  }
}
