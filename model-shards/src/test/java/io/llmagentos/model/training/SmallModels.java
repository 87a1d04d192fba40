package io.llmagentos.model.training;

import io.llmagentos.model.weights.Activation;
import io.llmagentos.model.weights.BertConfig;
import io.llmagentos.model.weights.Dropout;
import io.llmagentos.model.weights.Gpt2Config;
import io.llmagentos.model.weights.LlamaConfig;
import io.llmagentos.model.weights.T5Config;
import io.llmagentos.model.weights.TransformerConfig;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** One model of each family, and batches for them. */
final class SmallModels {
  static final int VOCABULARY = 50;
  static final int CONTEXT = 16;

  private SmallModels() {}

  static Gpt2Config gpt2(boolean tied, double dropout) {
    return new Gpt2Config(
        VOCABULARY,
        CONTEXT,
        32,
        2,
        4,
        128,
        1e-5f,
        true,
        false,
        tied,
        Activation.GELU_NEW,
        new Dropout(dropout, dropout, dropout, 0),
        0.02);
  }

  static LlamaConfig llama(boolean tied, double dropout) {
    return new LlamaConfig(
        "llama",
        VOCABULARY,
        32,
        48,
        2,
        4,
        2,
        8,
        CONTEXT,
        1e-5f,
        10_000,
        new LlamaConfig.Llama3(8, 1, 4, 8),
        false,
        false,
        false,
        tied,
        Activation.SILU,
        new Dropout(dropout, dropout, dropout, 0),
        0.02,
        -1);
  }

  static BertConfig bert(double dropout, String... labels) {
    return new BertConfig(
        VOCABULARY,
        32,
        2,
        4,
        64,
        CONTEXT,
        2,
        1e-12f,
        Activation.GELU,
        true,
        new Dropout(dropout, dropout, dropout, dropout),
        0.02,
        0,
        List.of(labels));
  }

  static T5Config t5(boolean gated, double dropout) {
    return new T5Config(
        VOCABULARY,
        32,
        8,
        48,
        2,
        2,
        4,
        8,
        20,
        1e-6f,
        gated,
        gated ? Activation.GELU_NEW : Activation.RELU,
        !gated,
        new Dropout(dropout, dropout, dropout, dropout),
        1,
        0,
        1,
        0);
  }

  static List<TransformerConfig> all(double dropout) {
    return List.of(
        gpt2(true, dropout),
        gpt2(false, dropout),
        llama(true, dropout),
        llama(false, dropout),
        bert(dropout),
        bert(dropout, "no", "yes"),
        t5(false, dropout),
        t5(true, dropout));
  }

  /** Rows that count upwards, so that there is something to learn; the last tokens of all but the first are padding. */
  static Batch batch(TransformerConfig config, int rows, long seed) {
    var random = new SplittableRandom(seed);
    int[][] ids = new int[rows][CONTEXT];
    int[][] mask = new int[rows][CONTEXT];
    for (int b = 0; b < rows; b++) {
      int first = random.nextInt(VOCABULARY);
      int real = b == 0 ? CONTEXT : 2 + random.nextInt(CONTEXT - 2);
      Arrays.setAll(ids[b], t -> (first + t) % VOCABULARY);
      Arrays.setAll(mask[b], t -> t < real ? 1 : 0);
    }
    return Batch.of(ids).withAttentionMask(mask).withLabels(labels(config, ids, mask));
  }

  private static int[][] labels(TransformerConfig config, int[][] ids, int[][] mask) {
    int[][] labels = new int[ids.length][];
    boolean classifier = config instanceof BertConfig bert && bert.isClassifier();
    for (int b = 0; b < ids.length; b++) {
      int[] row = ids[b];
      int[] real = mask[b];
      labels[b] = classifier ? new int[] {row[0] % 2} : row.clone();
      if (!classifier) {
        Arrays.setAll(labels[b], t -> real[t] == 1 ? row[t] : Batch.IGNORED);
      }
    }
    return labels;
  }
}
