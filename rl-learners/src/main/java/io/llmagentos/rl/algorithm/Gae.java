package io.llmagentos.rl.algorithm;

/** Generalised advantage estimation (Schulman et al. 2016). */
final class Gae {
  private Gae() {}

  /**
   * Termination cuts the value: its {@code nextValues} is 0. Truncation cuts only the trace: its {@code nextValues} is the value of the final observation. Shapes:
   * [N][T].
   *
   * @param nextValues the value of what follows each row
   * @param done whether an episode ended with the row
   * @return advantages
   */
  static float[] estimate(
      int environments,
      int steps,
      float[] rewards,
      float[] values,
      float[] nextValues,
      boolean[] done,
      double gamma,
      double lambda) {
    float[] advantages = new float[environments * steps];
    for (int n = 0; n < environments; n++) {
      double trace = 0;
      for (int t = steps - 1; t >= 0; t--) {
        int row = n * steps + t;
        double delta = rewards[row] + gamma * nextValues[row] - values[row];
        trace = delta + (done[row] ? 0 : gamma * lambda * trace);
        advantages[row] = (float) trace;
      }
    }
    return advantages;
  }
}
