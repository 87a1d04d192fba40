package io.llmagentos.model.engine;

import io.llmagentos.model.weights.LlamaConfig;
import org.jspecify.annotations.Nullable;

/** Rotary positions in halves: element i of a head turns with element i + d/2 (Su et al. 2021, in Hugging Face's order of weights). */
final class Rotary {
  private final int half;
  private final float[] cos;
  private final float[] sin;

  Rotary(LlamaConfig config, int positions) {
    half = config.headDim() / 2;
    cos = new float[positions * half];
    sin = new float[positions * half];
    float[] frequencies = frequencies(config);
    for (int position = 0; position < positions; position++) {
      for (int i = 0; i < half; i++) {
        float angle = position * frequencies[i];
        cos[position * half + i] = (float) Math.cos(angle);
        sin[position * half + i] = (float) Math.sin(angle);
      }
    }
  }

  private static float[] frequencies(LlamaConfig config) {
    float[] frequencies = new float[config.headDim() / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = 2f * i / config.headDim();
      float frequency = 1 / (float) Math.pow(config.ropeTheta(), exponent);
      frequencies[i] = scaled(frequency, config.ropeScaling());
    }
    return frequencies;
  }

  private static float scaled(float frequency, LlamaConfig.@Nullable RopeScaling scaling) {
    if (scaling == null) {
      return frequency;
    }
    return switch (scaling) {
      case LlamaConfig.Linear linear -> (float) (frequency / linear.factor());
      case LlamaConfig.Llama3 llama3 -> mixed(frequency, llama3);
    };
  }

  /** Long waves are stretched by the factor, short ones kept, those between mixed. */
  private static float mixed(float frequency, LlamaConfig.Llama3 scaling) {
    double turns = scaling.originalMaxPositionEmbeddings() * frequency / (2 * Math.PI);
    double kept =
        (turns - scaling.lowFreqFactor()) / (scaling.highFreqFactor() - scaling.lowFreqFactor());
    kept = Math.clamp(kept, 0, 1);
    return (float) ((1 - kept) * frequency / scaling.factor() + kept * frequency);
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
