package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.policy.ActionDistribution;

/**
 * The clipped surrogate objective (Schulman et al. 2017) with value loss, entropy bonus and KL penalty:
 *
 * <pre>
 *   mean[max(-A r, -A clip(r, 1 - c, 1 + c))] + vfLossCoeff mean[(v - R)^2] - entropyCoeff mean[H] + klCoeff mean[KL(old || new)]
 * </pre>
 *
 * @param vfClipParam the largest squared error that counts
 * @param clipRangeVf how far a value may move from its old one: the larger of both squared errors counts
 */
record PPOLoss(
    ActionDistribution distribution,
    double clipParam,
    double vfLossCoeff,
    double vfClipParam,
    double clipRangeVf,
    double entropyCoeff,
    double klCoeff)
    implements PolicyGradientLoss {

  @Override
  public double[] gradient(
      Batch batch, float[] inputs, float[] values, float[] inputGradients, float[] valueGradients) {
    double[] sums = new double[Statistic.values().length];
    int inputWidth = distribution.inputWidth();
    int actionWidth = distribution.actionWidth();
    int rows = batch.rows();
    for (int i = 0; i < rows; i++) {
      int at = i * inputWidth;
      int actionAt = i * actionWidth;
      distribution.mask(batch.oldInputs(), at, inputs, at);
      double logRatio =
          distribution.logProb(inputs, at, batch.actions(), actionAt) - batch.oldLogProbs()[i];
      double ratio = Math.exp(logRatio);
      double advantage = batch.advantages()[i];
      double unclipped = -advantage * ratio;
      double clipped = -advantage * Math.clamp(ratio, 1 - clipParam, 1 + clipParam);
      boolean moves = unclipped >= clipped;
      sums[Statistic.POLICY_LOSS.index()] += Math.max(unclipped, clipped);
      sums[Statistic.ENTROPY.index()] += distribution.entropy(inputs, at);
      sums[Statistic.APPROX_KL.index()] += ratio - 1 - logRatio;
      sums[Statistic.OLD_APPROX_KL.index()] -= logRatio;
      sums[Statistic.CLIP_FRACTION.index()] += Math.abs(ratio - 1) > clipParam ? 1 : 0;
      if (klCoeff != 0) {
        sums[Statistic.MEAN_KL_LOSS.index()] += distribution.kl(batch.oldInputs(), at, inputs, at);
      }
      distribution.gradient(
          inputs,
          at,
          batch.actions(),
          actionAt,
          moves ? unclipped / rows : 0,
          -entropyCoeff / rows,
          batch.oldInputs(),
          at,
          klCoeff / rows,
          inputGradients,
          at);
      sums[Statistic.VF_LOSS.index()] += value(batch, i, values, valueGradients);
    }
    return means(sums, rows, vfLossCoeff, entropyCoeff, klCoeff);
  }

  /** The squared error of row i that counts; writes its part of the gradient. */
  private double value(Batch batch, int i, float[] values, float[] valueGradients) {
    double error = values[i] - batch.returns()[i];
    double squared = error * error;
    double slope = 2 * error;
    double moved = values[i] - batch.oldValues()[i];
    if (Math.abs(moved) > clipRangeVf) {
      double near =
          batch.oldValues()[i] + Math.copySign(clipRangeVf, moved) - batch.returns()[i];
      if (near * near > squared) {
        squared = near * near;
        slope = 0;
      }
    }
    if (squared > vfClipParam) {
      squared = vfClipParam;
      slope = 0;
    }
    valueGradients[i] = (float) (vfLossCoeff * slope / batch.rows());
    return squared;
  }

  static double[] means(
      double[] sums, int rows, double vfLossCoeff, double entropyCoeff, double klCoeff) {
    for (int k = 0; k < sums.length; k++) {
      sums[k] /= rows;
    }
    sums[Statistic.TOTAL_LOSS.index()] = sums[Statistic.POLICY_LOSS.index()]
        + vfLossCoeff * sums[Statistic.VF_LOSS.index()]
        - entropyCoeff * sums[Statistic.ENTROPY.index()]
        + klCoeff * sums[Statistic.MEAN_KL_LOSS.index()];
    return sums;
  }
}
