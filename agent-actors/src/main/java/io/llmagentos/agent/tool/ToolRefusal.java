package io.llmagentos.agent.tool;

/**
 * The call had no effect, certainly; the message says why, to the principal. One that was caused by an {@link java.io.IOException} never reached its
 * tool, and may do so later.
 */
public final class ToolRefusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ToolRefusal(String message) {
    super(message);
  }

  public ToolRefusal(String message, Throwable cause) {
    super(message, cause);
  }
}
