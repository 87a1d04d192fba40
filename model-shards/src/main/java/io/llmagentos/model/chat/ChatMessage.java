package io.llmagentos.model.chat;

import java.util.List;

/**
 * One message of a chat.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or {@code tool}
 * @param toolCalls the calls an assistant message made
 * @param toolCallId for {@code tool}: the call it answers; else empty
 */
public record ChatMessage(
    String role, String content, List<ToolCall> toolCalls, String toolCallId) {
  public ChatMessage {
    toolCalls = List.copyOf(toolCalls);
  }

  public static ChatMessage system(String content) {
    return new ChatMessage("system", content, List.of(), "");
  }

  public static ChatMessage user(String content) {
    return new ChatMessage("user", content, List.of(), "");
  }

  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content, List.of(), "");
  }
}
