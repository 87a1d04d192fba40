package io.llmagentos.node.error;

import org.jspecify.annotations.Nullable;

/** An error with a code. The text names the value, its limit and what to change. */
public final class AgentOsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final @Nullable String param;

  public AgentOsException(ErrorCode code, String message) {
    this(code, message, null, null);
  }

  /** @param param the request field or settings key at fault */
  public AgentOsException(ErrorCode code, String message, @Nullable String param) {
    this(code, message, param, null);
  }

  public AgentOsException(
      ErrorCode code, String message, @Nullable String param, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
    this.param = param;
  }

  public ErrorCode code() {
    return code;
  }

  public @Nullable String param() {
    return param;
  }
}
