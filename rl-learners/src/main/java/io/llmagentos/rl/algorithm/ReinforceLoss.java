package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.policy.ActionDistribution;

/** mean[-A log p(a)] + vfLossCoeff mean[(v - R)^2] - entropyCoeff mean[H]. */
record ReinforceLoss(ActionDistribution distribution, double vfLossCoeff, double entropyCoeff)
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
      double logProb = distribution.logProb(inputs, at, batch.actions(), actionAt);
      double advantage = batch.advantages()[i];
      sums[Statistic.POLICY_LOSS.index()] -= advantage * logProb;
      sums[Statistic.ENTROPY.index()] += distribution.entropy(inputs, at);
      distribution.gradient(
          inputs,
          at,
          batch.actions(),
          actionAt,
          -advantage / rows,
          -entropyCoeff / rows,
          batch.oldInputs(),
          at,
          0,
          inputGradients,
          at);
      double error = values[i] - batch.returns()[i];
      sums[Statistic.VF_LOSS.index()] += error * error;
      valueGradients[i] = (float) (vfLossCoeff * 2 * error / rows);
    }
    return PPOLoss.means(sums, rows, vfLossCoeff, entropyCoeff, 0);
  }
}
