package io.llmagentos.node.envelope;

import java.time.Instant;

/**
 * What every request carries.
 *
 * @param tenant who pays and owns; {@code local} without API keys
 * @param principal on whose behalf; from the credential, never from the body
 * @param deadline after which nobody waits for the answer any more
 * @param trace the W3C trace id (32 hex digits) that the logs carry
 */
public record Context(
    String tenant, String principal, Instant deadline, String trace, Provenance provenance) {
  public Context {
    requireName("tenant", tenant);
    requireName("principal", principal);
  }

  private static void requireName(String what, String value) {
    if (value.isEmpty() || value.length() > 256) {
      throw new IllegalArgumentException(
          what + " must have 1 to 256 characters, has " + value.length());
    }
  }
}
