package io.llmagentos.model.training.data;

/**
 * Where a training stands in its data: all that a checkpoint needs of it.
 *
 * @param epoch from 0
 * @param step the next one of the epoch, from 0
 */
public record Cursor(long epoch, long step) {
  /** After so many updates. */
  public static Cursor after(long updates, long stepsPerEpoch) {
    return new Cursor(updates / stepsPerEpoch, updates % stepsPerEpoch);
  }
}
