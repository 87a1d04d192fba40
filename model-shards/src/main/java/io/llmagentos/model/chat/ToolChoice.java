package io.llmagentos.model.chat;

/**
 * Whether the model calls a tool.
 *
 * @param function for {@code FUNCTION}: the one to call; else empty
 */
public record ToolChoice(Mode mode, String function) {
  public enum Mode {
    /** The model decides. */
    AUTO,
    NONE,
    /** Some tool must be called. */
    REQUIRED,
    FUNCTION
  }

  public static final ToolChoice AUTO = new ToolChoice(Mode.AUTO, "");
  public static final ToolChoice NONE = new ToolChoice(Mode.NONE, "");
}
