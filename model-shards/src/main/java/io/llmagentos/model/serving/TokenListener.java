package io.llmagentos.model.serving;

/** Hears a generation. */
@FunctionalInterface
public interface TokenListener {
  TokenListener SILENT = text -> true;

  /** Take a piece of text; return false to cancel the generation. Must not block. */
  boolean onText(String text);
}
