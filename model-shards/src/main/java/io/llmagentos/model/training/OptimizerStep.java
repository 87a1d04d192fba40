package io.llmagentos.model.training;

/** One step of an optimizer, with the rate of this step. Only matrices and embeddings decay. */
public sealed interface OptimizerStep {
  /** The learning rate. */
  double rate();

  /** The largest norm of the whole gradient; a longer one is shortened to it. 0: any. */
  double maxNorm();

  /** Decoupled weight decay (Loshchilov and Hutter 2019); Adam where decay is 0. */
  record AdamW(
      double rate, double beta1, double beta2, double epsilon, double decay, double maxNorm)
      implements OptimizerStep {
    /** PyTorch's defaults, no decay, no limit. */
    public static AdamW of(double rate) {
      return new AdamW(rate, 0.9, 0.999, 1e-8, 0, 0);
    }
  }

  /** Stochastic gradient descent with a moving average of gradients. */
  record Sgd(double rate, double momentum, double maxNorm) implements OptimizerStep {}
}
