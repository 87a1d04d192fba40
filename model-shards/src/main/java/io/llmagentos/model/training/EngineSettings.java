package io.llmagentos.model.training;

/** How a transformer computes. Kept in a checkpoint: only with the same settings does a training go on bit-equal. */
public record EngineSettings(Precision precision, Kernels kernels) {
  /** The definition's arithmetic. */
  public static final EngineSettings FLOAT32 = new EngineSettings(Precision.FLOAT32, Kernels.MKL);
}
