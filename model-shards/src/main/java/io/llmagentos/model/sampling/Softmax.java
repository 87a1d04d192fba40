package io.llmagentos.model.sampling;

/** Probabilities of logits, in double precision and in the order of the ids: the same on every machine. */
final class Softmax {
  private Softmax() {}

  static double[] of(float[] logits) {
    double max = max(logits);
    double[] probabilities = new double[logits.length];
    double sum = 0;
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = StrictMath.exp(logits[i] - max);
      sum += probabilities[i];
    }
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] /= sum;
    }
    return probabilities;
  }

  /** ln softmax(logits)[token]. */
  static float logProbability(float[] logits, int token) {
    double max = max(logits);
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return (float) (logits[token] - max - Math.log(sum));
  }

  private static double max(float[] logits) {
    float max = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    return max;
  }
}
