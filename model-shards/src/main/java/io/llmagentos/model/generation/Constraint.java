package io.llmagentos.model.generation;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** What may come next in one generation. Follows it token by token; not thread-safe. */
public interface Constraint {
  /**
   * The tokens that may come now; null: every one. Never empty before {@link #isComplete()}.
   *
   * @param remaining how many tokens may still come, this one included: a constraint with a form to complete completes it in time
   */
  @Nullable
  BitSet allowed(int remaining);

  /** Change the model's logits before anything else does; by default not. */
  default void bias(float[] logits) {}

  /** Take the token that came. */
  void accept(int token);

  /** Whether the answer is whole: nothing more comes. */
  default boolean isComplete() {
    return false;
  }

  /** Whether what came so far is, or may become, something else than text for the listener. */
  default boolean holdsText() {
    return false;
  }

  /** Everything may come. */
  static Constraint none() {
    return new Constraint() {
      @Override
      public @Nullable BitSet allowed(int remaining) {
        return null;
      }

      @Override
      public void accept(int token) {}
    };
  }
}
