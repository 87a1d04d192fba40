package io.llmagentos.model.training.data;

import io.llmagentos.model.training.Batch;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Hides tokens as BERT does (Devlin et al. 2019, https://arxiv.org/abs/1810.04805): of those that are chosen 80 % become the mask token, 10 % a random one, 10 % stay;
 * they alone have labels, and as with BERT an example has at least one. What is hidden in an example depends on the seed, the epoch and the example's index. Special tokens are never chosen.
 */
public final class MaskingCollator implements Collator {
  private static final double MASKED = 0.8;
  private static final double RANDOM = 0.5; // of the rest

  private final Collator padding;
  private final double probability;
  private final int maskToken;
  private final int vocabSize;
  private final BitSet special;
  private final long seed;

  /**
   * @param probability {@code mlm_probability}
   * @param special the tokens that stay
   */
  public MaskingCollator(
      int padToken, int maskToken, int vocabSize, BitSet special, double probability, long seed) {
    this.padding = Collator.languageModel(padToken);
    this.probability = probability;
    this.maskToken = maskToken;
    this.vocabSize = vocabSize;
    this.special = (BitSet) special.clone();
    this.special.set(padToken);
    this.seed = seed;
  }

  @Override
  public Batch collate(Examples examples, long[] indices, long epoch) {
    Batch batch = padding.collate(examples, indices, epoch);
    int[][] labels = new int[indices.length][batch.inputIds()[0].length];
    for (int b = 0; b < indices.length; b++) {
      long epochSeed = DataSeeds.mix(seed, epoch);
      mask(
          batch.inputIds()[b],
          labels[b],
          new SplittableRandom(DataSeeds.mix(epochSeed, indices[b])));
    }
    return batch.withLabels(labels);
  }

  private void mask(int[] ids, int[] labels, SplittableRandom random) {
    // Padding is special: the batch's width draws nothing.
    int[] eligible =
        IntStream.range(0, ids.length).filter(t -> !special.get(ids[t])).toArray();
    Arrays.fill(labels, Batch.IGNORED);
    boolean none = true;
    for (int t : eligible) {
      if (random.nextDouble() < probability) {
        hide(t, ids, labels, random);
        none = false;
      }
    }
    if (none && eligible.length > 0) {
      hide(eligible[random.nextInt(eligible.length)], ids, labels, random);
    }
  }

  private void hide(int t, int[] ids, int[] labels, SplittableRandom random) {
    labels[t] = ids[t];
    if (random.nextDouble() < MASKED) {
      ids[t] = maskToken;
    } else if (random.nextDouble() < RANDOM) {
      ids[t] = random.nextInt(vocabSize);
    }
  }
}
