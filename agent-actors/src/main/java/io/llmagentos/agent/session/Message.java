package io.llmagentos.agent.session;

import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.node.envelope.ContentPart;
import java.util.List;

/**
 * A message of a dialogue as a client gave it.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or {@code tool}
 * @param toolCalls the calls that an assistant's message made
 * @param toolCallId for {@code tool}: the call it answers; else empty
 */
public record Message(
    String role, List<ContentPart> content, List<ToolCall> toolCalls, String toolCallId) {
  public Message {
    content = List.copyOf(content);
    toolCalls = List.copyOf(toolCalls);
  }

  /** As a model takes it. */
  public ChatMessage toChat() {
    return new ChatMessage(role, ContentPart.textOf(content), toolCalls, toolCallId);
  }
}
