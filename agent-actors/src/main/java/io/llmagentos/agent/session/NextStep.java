package io.llmagentos.agent.session;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.envelope.ContentPart;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What a running turn needs next: a pure function of what is recorded, so that recovery takes up where the journal ends. */
sealed interface NextStep {
  record AskModel(ChatRequest request) implements NextStep {}

  record CallTool(ToolCall call) implements NextStep {}

  record Answer(String text, List<Turn.Call> calls) implements NextStep {}

  static NextStep of(SessionState state, Turn turn, AgentDefinition definition) {
    ChatReply reply = turn.reply().orElse(null);
    if (reply == null) {
      return new AskModel(request(state, turn, definition));
    }
    if (reply.toolCalls().isEmpty()) {
      return new Answer(reply.text().isBlank() ? definition.outOfScope() : reply.text(), List.of());
    }
    ToolCall call = reply.toolCalls().getFirst();
    if (definition.hasTool(call.name())) {
      return new CallTool(call);
    }
    return new Answer(definition.answerWithoutTool(call.name()), List.of());
  }

  private static ChatRequest request(SessionState state, Turn turn, AgentDefinition definition) {
    List<ChatMessage> messages = new ArrayList<>();
    if (!definition.instructions().isBlank()) {
      messages.add(ChatMessage.system(definition.instructions()));
    }
    messages.addAll(turn.history()
        .map(given -> given.stream().map(Message::toChat).toList())
        .orElseGet(() -> earlierTurns(state, turn)));
    messages.add(ChatMessage.user(ContentPart.textOf(turn.content())));
    List<ToolSpecification> functions = new ArrayList<>(definition.tools());
    Stream.concat(definition.says().keySet().stream(), definition.understands().keySet().stream())
        .distinct()
        .sorted()
        .filter(name -> !definition.hasTool(name))
        .map(name -> new ToolSpecification(
            name, definition.understands().getOrDefault(name, ""), "{\"type\":\"object\"}"))
        .forEach(functions::add);
    return new ChatRequest(
        definition.model(), messages, functions, ToolChoice.AUTO, Sampling.GREEDY);
  }

  private static List<ChatMessage> earlierTurns(SessionState state, Turn turn) {
    List<ChatMessage> messages = new ArrayList<>();
    for (Turn earlier : state.turns()) {
      if (earlier.id().equals(turn.id())) {
        break;
      }
      messages.add(ChatMessage.user(ContentPart.textOf(earlier.content())));
      messages.add(ChatMessage.assistant(earlier.answer()));
    }
    return messages;
  }
}
