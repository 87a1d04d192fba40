package io.llmagentos.model.sampling;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Changes a row of logits as transformers' logits processors do, in this order: repetition penalty, no-repeat n-gram, temperature, top-k, top-p, min-p.
 * A filtered token has the logit -infinity.
 *
 * @param repetitionPenalty of every token already there: a positive logit is divided by it, a negative one multiplied; 1: off
 * @param noRepeatNgramSize no n-gram of this size comes twice; 0: off
 * @param temperature divides the logits; 0: greedy, where only the first two apply
 * @param topK keeps the k best, and what equals the last of them; 0: off
 * @param topP keeps the best whose probabilities reach p together; 1: off
 * @param minP removes what has less than this part of the best one's probability; 0: off
 * @param minTokensToKeep what top-p and min-p leave at least
 */
public record LogitsFilter(
    float repetitionPenalty,
    int noRepeatNgramSize,
    float temperature,
    int topK,
    float topP,
    float minP,
    int minTokensToKeep) {
  public static final LogitsFilter GREEDY = new LogitsFilter(1, 0, 0, 0, 1, 0, 1);
  private static final float FILTERED = Float.NEGATIVE_INFINITY;

  public LogitsFilter {
    if (!(repetitionPenalty > 0)) {
      throw new IllegalArgumentException(
          "repetition_penalty must be above 0, is " + repetitionPenalty);
    }
    if (!(temperature >= 0)) {
      throw new IllegalArgumentException("temperature must be at least 0, is " + temperature);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("top_p must be above 0 and at most 1, is " + topP);
    }
    if (!(minP >= 0 && minP <= 1)) {
      throw new IllegalArgumentException("min_p must be 0 to 1, is " + minP);
    }
    if (topK < 0 || noRepeatNgramSize < 0 || minTokensToKeep < 1) {
      throw new IllegalArgumentException(
          "top_k and no_repeat_ngram_size must be at least 0, min_tokens_to_keep at least 1; are "
              + topK + ", " + noRepeatNgramSize + ", " + minTokensToKeep);
    }
  }

  public boolean isGreedy() {
    return temperature == 0;
  }

  public LogitsFilter withSampling(float newTemperature, float newTopP) {
    return new LogitsFilter(
        repetitionPenalty, noRepeatNgramSize, newTemperature, topK, newTopP, minP, minTokensToKeep);
  }

  /**
   * @param logits [V], changed in place
   * @param tokens the sequence so far, prompt included; its first {@code length} entries
   */
  public void apply(float[] logits, int[] tokens, int length) {
    penalizeRepetition(logits, tokens, length);
    forbidNgrams(logits, tokens, length);
    if (isGreedy()) {
      return;
    }
    if (temperature != 1) {
      for (int i = 0; i < logits.length; i++) {
        logits[i] /= temperature;
      }
    }
    keepTopK(logits);
    keepTopP(logits);
    keepMinP(logits);
  }

  private void penalizeRepetition(float[] logits, int[] tokens, int length) {
    if (repetitionPenalty == 1) {
      return;
    }
    IntStream.of(tokens)
        .limit(length)
        .filter(token -> token < logits.length)
        .distinct()
        .forEach(token -> logits[token] = logits[token] > 0
            ? logits[token] / repetitionPenalty
            : logits[token] * repetitionPenalty);
  }

  private void forbidNgrams(float[] logits, int[] tokens, int length) {
    int n = noRepeatNgramSize;
    if (n == 0 || length + 1 < n) {
      return;
    }
    int context = length - (n - 1);
    for (int start = 0; start + n <= length; start++) {
      if (Arrays.equals(tokens, start, start + n - 1, tokens, context, length)) {
        logits[tokens[start + n - 1]] = FILTERED;
      }
    }
  }

  private void keepTopK(float[] logits) {
    if (topK == 0 || topK >= logits.length) {
      return;
    }
    float[] sorted = logits.clone();
    Arrays.sort(sorted);
    float least = sorted[sorted.length - topK];
    for (int i = 0; i < logits.length; i++) {
      if (logits[i] < least) {
        logits[i] = FILTERED;
      }
    }
  }

  private void keepTopP(float[] logits) {
    if (topP == 1) {
      return;
    }
    double[] probabilities = Softmax.of(logits);
    Integer[] descending = descending(logits);
    // Everything that comes after the best ones have reached p goes: ascending, cumulative <= 1 -
    // p.
    double cumulative = 0;
    for (int rank = descending.length - 1; rank >= minTokensToKeep; rank--) {
      cumulative += probabilities[descending[rank]];
      if (cumulative > 1 - (double) topP) {
        return;
      }
      logits[descending[rank]] = FILTERED;
    }
  }

  private void keepMinP(float[] logits) {
    if (minP == 0) {
      return;
    }
    double[] probabilities = Softmax.of(logits);
    Integer[] descending = descending(logits);
    double least = minP * probabilities[descending[0]];
    for (int rank = minTokensToKeep; rank < descending.length; rank++) {
      if (probabilities[descending[rank]] < least) {
        logits[descending[rank]] = FILTERED;
      }
    }
  }

  private static Integer[] descending(float[] logits) {
    Integer[] order = new Integer[logits.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble((Integer i) -> -logits[i]));
    return order;
  }
}
