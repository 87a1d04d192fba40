package io.llmagentos.model.training.trainer;

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
    public float[] mean(float[] vector) {
      return vector;
    }
  };

  /** This one, from 0. */
  int rank();

  int size();

  /**
   * The mean of what all ranks give, to the bit the same for all of them. Every rank calls it as often as the others. Blocks until all have.
   *
   * @param vector is left alone until this returns
   */
  float[] mean(float[] vector);
}
