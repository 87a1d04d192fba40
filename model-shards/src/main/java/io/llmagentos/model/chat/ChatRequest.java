package io.llmagentos.model.chat;

import java.util.List;

/** What a model is asked. */
public record ChatRequest(
    String model,
    List<ChatMessage> messages,
    List<ToolSpecification> tools,
    ToolChoice toolChoice,
    Sampling sampling) {
  public ChatRequest {
    messages = List.copyOf(messages);
    tools = List.copyOf(tools);
  }

  /** The text of the last message of the user; empty without one. */
  public String lastUserText() {
    return messages.reversed().stream()
        .filter(message -> message.role().equals("user"))
        .map(ChatMessage::content)
        .findFirst()
        .orElse("");
  }
}
