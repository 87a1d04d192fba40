package io.llmagentos.model.engine;

import java.util.List;

/**
 * A decoder-only language model: sequences in a paged cache, advanced together one step at a time. Not thread-safe: one thread owns it. In f32 a row's
 * logits do not depend on what else is in the batch, nor on how its tokens were split over steps.
 */
public interface Engine extends AutoCloseable {
  /** {@code V}, the length of a row of logits. */
  int vocabularySize();

  /** The longest sequence, prompt and answer together, in tokens. */
  int contextLength();

  /** Content hash of the weights. */
  String weightVersion();

  /**
   * Reserve cache for a sequence of at most {@code tokens} tokens.
   *
   * @return its handle, or -1 when the cache has no room now; capacity is a reply
   * @throws IllegalArgumentException when {@code tokens} exceeds {@link #contextLength()}
   */
  int open(int tokens);

  /** Give the sequence's cache back. */
  void close(int sequence);

  /**
   * Append tokens to sequences: whole prompts and single tokens may be mixed.
   *
   * @param logits [B][V], filled with the logits after each feed's last token, in the order of the feeds
   */
  void forward(List<Feed> feeds, float[][] logits);

  /** Frees native memory; no sequence may be used afterwards. */
  @Override
  void close();

  /** Tokens to append to one sequence. */
  record Feed(int sequence, int[] tokens) {}
}
