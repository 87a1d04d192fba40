package io.llmagentos.model.training;

/**
 * What a model makes of a batch. The arrays belong to the caller.
 *
 * @param predictions the likeliest label at each target that counts, in the order of the labels: row by row
 * @param labels what should have been predicted there
 */
public record Evaluated(Loss loss, int[] predictions, int[] labels) {
  static final Evaluated NOTHING = new Evaluated(Loss.NONE, new int[0], new int[0]);

  /** How many predictions are right. */
  public long right() {
    long right = 0;
    for (int i = 0; i < labels.length; i++) {
      right += predictions[i] == labels[i] ? 1 : 0;
    }
    return right;
  }
}
