package io.llmagentos.model.chat;

/**
 * A model's wish to call a tool.
 *
 * @param id unique within its reply
 * @param name the tool's name
 * @param arguments a JSON object, as text
 */
public record ToolCall(String id, String name, String arguments) {}
