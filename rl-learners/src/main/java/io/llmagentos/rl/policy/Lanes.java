package io.llmagentos.rl.policy;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The vector shape of this machine. */
final class Lanes {
  static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  static final int LENGTH = F.length();
  /** Columns that the wide kernels work on: four vectors side by side. */
  static final int PANEL = 4 * LENGTH;

  private Lanes() {}

  /** The row stride of a buffer that kernels read and write in whole vectors. */
  static int padded(int columns) {
    return Math.ceilDiv(columns, LENGTH) * LENGTH;
  }
}
