package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.session.Message;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.node.envelope.ContentPart;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The messages of a completion request: OpenAI's roles, text only. */
final class CompletionMessages {
  private CompletionMessages() {}

  static List<Message> parse(Fields request) {
    List<Fields> given = request.objects("messages");
    if (given.isEmpty()) {
      throw request.invalid("messages", "must be a list of at least one message");
    }
    List<Message> messages = new ArrayList<>();
    Set<String> calls = new HashSet<>();
    for (Fields message : given) {
      Message parsed = message(message, calls);
      parsed.toolCalls().forEach(call -> calls.add(call.id()));
      messages.add(parsed);
    }
    return List.copyOf(messages);
  }

  /** @param calls the ids of the calls that earlier messages made */
  private static Message message(Fields message, Set<String> calls) {
    String role = message.requiredText("role");
    message.text("name");
    return switch (role) {
      case "system", "user" -> new Message(role, content(message, role), List.of(), "");
      // OpenAI's newer word for the system's instructions.
      case "developer" -> new Message("system", content(message, role), List.of(), "");
      case "assistant" -> assistant(message);
      case "tool" -> {
        String id = message.requiredText("tool_call_id");
        if (!calls.contains(id)) {
          throw message.invalid(
              "tool_call_id", "must be the id of a call in an earlier assistant message");
        }
        yield new Message(role, content(message, role), List.of(), id);
      }
      default ->
        throw message.invalid(
            "role", "must be \"system\", \"developer\", \"user\", \"assistant\" or \"tool\"");
    };
  }

  private static Message assistant(Fields message) {
    List<ToolCall> calls = new ArrayList<>();
    for (Fields call : message.objects("tool_calls")) {
      if (!call.requiredText("type").equals("function")) {
        throw call.invalid("type", "must be \"function\"");
      }
      Fields function = call.requiredObject("function");
      calls.add(new ToolCall(
          call.requiredText("id"),
          function.requiredText("name"),
          function.text("arguments").orElse("{}")));
    }
    boolean silent = !message.has("content") && (!calls.isEmpty() || message.has("refusal"));
    List<ContentPart> content = silent
        ? message.text("refusal").map(ContentPart::text).orElse(List.of())
        : content(message, "assistant");
    return new Message("assistant", content, calls, "");
  }

  private static List<ContentPart> content(Fields message, String role) {
    JsonNode content = message.get("content");
    if (content.isTextual()) {
      return ContentPart.text(content.textValue());
    }
    if (!content.isArray() || content.isEmpty()) {
      throw message.invalid("content", "must be a string or a list of text parts");
    }
    List<ContentPart> parts = new ArrayList<>();
    for (Fields part : message.objects("content")) {
      String type = part.requiredText("type");
      boolean refusal = type.equals("refusal") && role.equals("assistant");
      if (!type.equals("text") && !refusal) {
        throw part.invalid("type", "must be \"text\": only text is understood here");
      }
      parts.add(new ContentPart.Text(
          part.text(type).orElseThrow(() -> part.invalid(type, "must be a string"))));
    }
    return parts;
  }
}
