package io.llmagentos.agent.session;

import java.time.Instant;

/**
 * What a person thinks of a turn's answer.
 *
 * @param rating 1: good, -1: bad
 * @param text may be empty
 * @param by the person's principal
 */
public record Feedback(int rating, String text, String by, Instant at) {
  /** Whether it says the same, whenever. */
  boolean says(Feedback other) {
    return rating == other.rating && text.equals(other.text) && by.equals(other.by);
  }
}
