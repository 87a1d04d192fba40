package io.llmagentos.rl.algorithm;

import io.llmagentos.rl.policy.ActionDistribution;
import java.util.List;

/**
 * REINFORCE with a baseline (Williams 1992): one step along the gradient of the log-probabilities times what the returns exceed the values by. An episode that a
 * fragment cuts has the value of its last observation in place of the rest.
 */
public final class REINFORCEConfig extends OnPolicyConfig<REINFORCEConfig> {
  public REINFORCEConfig() {
    super("reinforce", List.of());
  }

  @Override
  REINFORCEConfig self() {
    return this;
  }

  @Override
  PolicyGradientLoss loss(ActionDistribution distribution, long steps, double klCoeff) {
    return new ReinforceLoss(
        distribution,
        get(USE_CRITIC) ? get(VF_LOSS_COEFF) : 0,
        get(ENTROPY_COEFF).at(steps));
  }

  @Override
  int epochs() {
    return 1;
  }

  @Override
  int minibatchSize() {
    return get(TRAIN_BATCH_SIZE_PER_LEARNER);
  }

  @Override
  double traceDecay() {
    return 1;
  }
}
