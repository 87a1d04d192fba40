package io.llmagentos.model.training;

/**
 * The cross entropy of some targets.
 *
 * @param sum over the targets
 * @param targets how many there are
 */
public record Loss(double sum, long targets) {
  public static final Loss NONE = new Loss(0, 0);

  /** What Hugging Face calls the loss; not a number without targets. */
  public double mean() {
    return sum / targets;
  }

  public Loss plus(Loss other) {
    return new Loss(sum + other.sum, targets + other.targets);
  }
}
