package io.llmagentos.agent.budget;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * Which limit stopped a turn.
 *
 * @param limit in the quantity's units
 * @param used what was spent under the limit, and of an account what is leased besides; may be above the limit
 * @param key what to change
 */
public record Exceeded(Scope scope, Quantity quantity, long limit, long used, String key) {
  /** Whose spending is limited. */
  public enum Scope {
    @JsonProperty("turn")
    TURN,
    @JsonProperty("session")
    SESSION,
    @JsonProperty("principal")
    PRINCIPAL,
    @JsonProperty("tenant")
    TENANT;

    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** For the principal. */
  public String message() {
    return "The budget of this " + scope.id() + " does not suffice: " + quantity.text(used) + " of "
        + quantity.text(limit) + " " + quantity.id().replace('_', ' ') + " are used (" + key + ").";
  }
}
