package io.llmagentos.rl.algorithm;

/** A loss over the outputs of an {@link io.llmagentos.rl.policy.ActorCritic}. */
interface PolicyGradientLoss {
  /**
   * The gradient of the mean loss over the rows.
   *
   * @param inputs [B][P], distribution inputs that the module puts out now
   * @param values [B], that it puts out now
   * @param inputGradients receives [B][P]
   * @param valueGradients receives [B]
   * @return by {@link Statistic}
   */
  double[] gradient(
      Batch batch, float[] inputs, float[] values, float[] inputGradients, float[] valueGradients);
}
