package io.llmagentos.rl.env;

/**
 * The arrays that N environments write into; whoever makes them owns them.
 *
 * @param observations [N][D], flat
 * @param rewards [N]
 * @param terminated [N]
 * @param truncated [N]
 * @param finalObservations [N][D]; row i is written only in a {@link AutoresetMode#SAME_STEP} step that ended the episode of environment i
 */
public record VectorStep(
    float[] observations,
    double[] rewards,
    boolean[] terminated,
    boolean[] truncated,
    float[] finalObservations) {

  public VectorStep(int environments, int observationWidth) {
    this(
        new float[environments * observationWidth],
        new double[environments],
        new boolean[environments],
        new boolean[environments],
        new float[environments * observationWidth]);
  }

  public boolean done(int environment) {
    return terminated[environment] || truncated[environment];
  }
}
