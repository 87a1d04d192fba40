package io.llmagentos.model.training;

/** What matrix products are computed in. Weights, gradients and the optimizer's state are float32 in any case. */
public enum Precision {
  FLOAT32,
  BFLOAT16
}
