package io.llmagentos.model.training;

import java.util.Locale;

/** What a batch is to a script: integers, flattened, and a number. B rows of T tokens; N of the rows of [B*T] predict something. */
enum Input {
  /** [B*T] */
  IDS,
  /** [B*T] */
  POSITIONS,
  /** [B*T] */
  TYPES,
  /** [B,T], or empty if all tokens are real. */
  MASK,
  /** Of the decoder, [B*U]. */
  DECODER_IDS,
  /** Relative positions of tokens of the encoder, [T*T]. */
  ENCODER_BUCKETS,
  /** Relative positions of tokens of the decoder, [U*U]. */
  DECODER_BUCKETS,
  /** [N], which rows predict. */
  ROWS,
  /** [N], what they should predict. */
  TARGETS,
  /** [1], how much of a target is spread over all labels. */
  SMOOTHING;

  String variable() {
    return name().toLowerCase(Locale.ROOT);
  }
}
