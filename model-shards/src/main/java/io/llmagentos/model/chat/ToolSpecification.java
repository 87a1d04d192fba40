package io.llmagentos.model.chat;

/**
 * A tool as a model sees it.
 *
 * @param name 1 to 64 of {@code a-z A-Z 0-9 _ -}
 * @param parameters a JSON Schema object, as text
 */
public record ToolSpecification(String name, String description, String parameters) {
  public ToolSpecification {
    if (!name.matches("[a-zA-Z0-9_?-]{1,64}")) {
      throw new IllegalArgumentException(
          "tool name '" + name + "' must be 1 to 64 of a-z A-Z 0-9 _ -");
    }
  }
}
