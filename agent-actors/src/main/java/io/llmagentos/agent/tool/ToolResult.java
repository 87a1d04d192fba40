package io.llmagentos.agent.tool;

/**
 * What a tool gave back.
 *
 * @param text for a model or a person
 * @param structured the same as a JSON value, for plans and templates; empty: there is only text
 * @param error the tool did its work and says that it failed: the effect did not happen
 */
public record ToolResult(String text, String structured, boolean error) {
  public static ToolResult text(String text) {
    return new ToolResult(text, "", false);
  }
}
