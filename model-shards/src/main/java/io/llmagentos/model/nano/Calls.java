package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.model.functions.FunctionSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Turns requests into calls: the model, wherever it runs. */
interface Calls {
  ObjectMapper JSON = new ObjectMapper();

  /** A slot and its value as it stands in the request. */
  record Argument(String slot, String value) {}

  /**
   * What a request calls.
   *
   * @param function or {@link Example#OUT_OF_SCOPE}
   */
  record Call(String function, List<Argument> arguments) {
    public Call {
      arguments = List.copyOf(arguments);
    }
  }

  /** The calls of the requests, in their order, with the set's functions as tools. */
  List<Call> of(FunctionSet set, List<String> requests) throws IOException;

  /** The chat request that asks for a call. */
  static ChatRequest request(String model, FunctionSet set, String text) {
    return new ChatRequest(
        model,
        List.of(ChatMessage.user(text)),
        set.functions().entrySet().stream()
            .map(function -> tool(function.getKey(), function.getValue()))
            .toList(),
        ToolChoice.AUTO,
        Sampling.GREEDY);
  }

  private static ToolSpecification tool(String name, Iterable<String> slots) {
    ObjectNode schema = JSON.createObjectNode().put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    slots.forEach(slot -> properties.putObject(slot).put("type", "string"));
    return new ToolSpecification(name, "", schema.toString());
  }

  /** The call that a reply holds. */
  static Call read(ChatReply reply) throws IOException {
    if (reply.toolCalls().isEmpty()) {
      return new Call(Example.OUT_OF_SCOPE, List.of());
    }
    ToolCall call = reply.toolCalls().getFirst();
    var arguments = new ArrayList<Argument>();
    JsonNode values = JSON.readTree(call.arguments());
    values
        .properties()
        .forEach(
            value -> arguments.add(new Argument(value.getKey(), value.getValue().asText())));
    return new Call(call.name(), arguments);
  }
}
