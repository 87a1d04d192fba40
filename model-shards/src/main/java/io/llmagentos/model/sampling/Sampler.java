package io.llmagentos.model.sampling;

/**
 * Chooses tokens. The choice at a position depends on the seed, the position and the logits only, never on what was drawn before: a generation that
 * is taken up in the middle goes on with the same tokens.
 *
 * <p>The generator is counted, not iterated: position {@code p} has {@code u = (mix(seed + (p + 1) * 0x9E3779B97F4A7C15) >>> 11) * 2^-53}, where
 * {@code mix} is SplitMix64's finaliser (Steele, Lea, Flood 2014). The token is the first, in the order of the ids, at which the cumulative
 * probability exceeds {@code u}.
 */
public final class Sampler {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private final long seed;

  public Sampler(long seed) {
    this.seed = seed;
  }

  /** The best token; of equals the lowest id. */
  public static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  /** Draw from softmax(logits); at least one logit must be finite. */
  public int draw(float[] logits, int position) {
    double[] probabilities = Softmax.of(logits);
    double u = uniform(position);
    double cumulative = 0;
    int last = 0;
    for (int i = 0; i < probabilities.length; i++) {
      if (probabilities[i] > 0) {
        cumulative += probabilities[i];
        last = i;
        if (cumulative > u) {
          return i;
        }
      }
    }
    return last;
  }

  /** Of a token under the model, in nats. */
  public static float logProbability(float[] logits, int token) {
    return Softmax.logProbability(logits, token);
  }

  /** In [0, 1). */
  double uniform(int position) {
    long z = seed + (position + 1L) * GOLDEN_GAMMA;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return ((z ^ (z >>> 31)) >>> 11) * 0x1.0p-53;
  }
}
