package io.llmagentos.model.training.trainer;

import java.util.concurrent.CompletableFuture;

/** The ranks of a training, seen from one of them. */
public interface Ranks {
  /** One that is alone. */
  Ranks ALONE = new Ranks() {
    @Override
    public int rank() {
      return 0;
    }

    @Override
    public int size() {
      return 1;
    }

    @Override
    public CompletableFuture<float[]> mean(float[] vector) {
      return CompletableFuture.completedFuture(vector);
    }
  };

  /** This one, from 0. */
  int rank();

  int size();

  /**
   * The mean of what all ranks give, to the bit the same for all of them. Every rank gives as often as the others, in the same order; several may be under way.
   *
   * @param vector left alone until the mean is there: the same array, which holds it then
   */
  CompletableFuture<float[]> mean(float[] vector);
}
