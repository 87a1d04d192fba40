package io.llmagentos.model.engine;

/** How wide the weights of matrices lie in memory. Arithmetic is in f32 in every case. */
public enum WeightStorage {
  /** bf16 files as bf16, all others as f32: nothing is rounded. */
  AS_STORED,
  F32,
  /** Everything rounded to bf16: half the memory traffic, results of lower precision. */
  BF16
}
