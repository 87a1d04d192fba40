package io.llmagentos.agent.tool;

import java.time.Duration;

/**
 * What the platform may do with a tool; the names are those of MCP's tool annotations where it has them. A definition may say otherwise.
 *
 * @param readOnly it changes nothing ({@code readOnlyHint}); it may be called again
 * @param idempotent repeated under one key it has one effect ({@code idempotentHint}); it may be called again
 * @param approval a person must approve each call's exact arguments first
 * @param timeout a call that takes longer is given up; above zero
 * @param maxConcurrent calls that may run at once on a node; at least 1
 */
public record ToolTraits(
    boolean readOnly, boolean idempotent, boolean approval, Duration timeout, int maxConcurrent) {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** Changes something, each time it is called, without asking. */
  public static final ToolTraits EFFECT = new ToolTraits(false, false, false, TIMEOUT, 16);

  /** Changes nothing. */
  public static final ToolTraits READ_ONLY = new ToolTraits(true, true, false, TIMEOUT, 16);

  public ToolTraits {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout is " + timeout + ", must be above zero");
    }
    if (maxConcurrent < 1) {
      throw new IllegalArgumentException("maxConcurrent is " + maxConcurrent + ", must be >= 1");
    }
  }

  /** Whether an interrupted call may be made again under its key. */
  public boolean repeatable() {
    return readOnly || idempotent;
  }
}
