package io.llmagentos.agent.tool;

import io.llmagentos.node.error.ErrorCode;

/**
 * The call had no effect, certainly; the message says why, to the principal. One that was caused by an {@link java.io.IOException} never reached its
 * tool, and may do so later.
 */
public final class ToolRefusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  public ToolRefusal(String message) {
    this(ErrorCode.TOOL_FAILED, message);
  }

  public ToolRefusal(ErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  public ToolRefusal(String message, Throwable cause) {
    super(message, cause);
    this.code = ErrorCode.TOOL_FAILED;
  }

  /** As the ledger records it. */
  public ErrorCode code() {
    return code;
  }
}
