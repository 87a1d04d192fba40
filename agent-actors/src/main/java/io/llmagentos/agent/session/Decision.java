package io.llmagentos.agent.session;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.Locale;

/**
 * What was decided about a call that waited for a person.
 *
 * @param hash of the arguments that were decided on
 * @param arguments for {@code APPROVED}: those the call is made with, which the person may have changed
 * @param text the reason of a denial, the receipt of a settlement; may be empty
 * @param by the person's principal; empty: nobody, time or a stop decided
 */
public record Decision(
    Kind kind, String hash, String arguments, String text, String by, Instant at) {
  /** The first four end the wait for an approval, the others settle an unknown outcome. */
  public enum Kind {
    @JsonProperty("approved")
    APPROVED,
    @JsonProperty("denied")
    DENIED,
    /** Nobody decided in time. */
    @JsonProperty("expired")
    EXPIRED,
    /** The turn was stopped. */
    @JsonProperty("withdrawn")
    WITHDRAWN,
    /** The effect took place. */
    @JsonProperty("happened")
    HAPPENED,
    /** The effect did not take place, and shall not. */
    @JsonProperty("did_not_happen")
    DID_NOT_HAPPEN,
    /** The effect did not take place: the call may start again, under its key. */
    @JsonProperty("retry")
    RETRY;

    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }

    boolean settles() {
      return this == HAPPENED || this == DID_NOT_HAPPEN || this == RETRY;
    }
  }
}
