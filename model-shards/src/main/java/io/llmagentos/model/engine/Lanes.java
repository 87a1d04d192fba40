package io.llmagentos.model.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** The vector shape of this machine, and how weights are cut to it. */
final class Lanes {
  static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  static final int LENGTH = F.length();
  /** Columns of one panel of weights: four vectors side by side. */
  static final int PANEL = 4 * LENGTH;
  /** Partial sums of one dot product over a cached key, whatever the machine's vector length. */
  static final int PARTIALS = 16;

  static final ByteOrder ORDER = ByteOrder.nativeOrder();
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private Lanes() {}

  /** The row stride of a buffer that kernels write in whole panels. */
  static int padded(int columns) {
    return Math.ceilDiv(columns, PANEL) * PANEL;
  }

  static FloatVector load(MemorySegment segment, long byteOffset) {
    return FloatVector.fromMemorySegment(F, segment, byteOffset, ORDER);
  }
}
