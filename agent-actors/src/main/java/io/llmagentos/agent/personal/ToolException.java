package io.llmagentos.agent.personal;

/** The call cannot be carried out as asked; the message says why, to the principal. */
public final class ToolException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ToolException(String message) {
    super(message);
  }
}
