package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.session.Message;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.error.AgentOsException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What {@code POST /v1/chat/completions} asks for, checked. Fields that the platform does not know are ignored; those that it knows and cannot
 * honour are refused.
 *
 * @param user whose things an agent is to keep; empty: the principal's own
 */
record CompletionRequest(
    String model,
    List<Message> messages,
    boolean stream,
    boolean includeUsage,
    List<ToolSpecification> tools,
    ToolChoice toolChoice,
    Sampling sampling,
    String user) {
  private static final int MOST_TOOLS = 256;
  private static final int MOST_STOPS = 4;
  private static final int LONGEST_USER = 64;
  private static final ToolSchemas SCHEMAS = new ToolSchemas();

  /**
   * Read it.
   *
   * @param drawnSeed the seed of a request that names none
   * @throws AgentOsException {@code INVALID_REQUEST} or {@code TOOL_SCHEMA_INVALID} with the field at fault
   */
  static CompletionRequest parse(JsonNode body, long drawnSeed) {
    Fields fields = Fields.of(body, "");
    refuseUnsupported(fields);
    boolean stream = fields.flag("stream");
    if (fields.has("stream_options") && !stream) {
      throw fields.invalid("stream_options", "is only allowed when 'stream' is true");
    }
    List<ToolSpecification> tools = tools(fields);
    String user = fields.text("user").orElse("");
    if (user.length() > LONGEST_USER) {
      throw fields.invalid("user", "must have at most " + LONGEST_USER + " characters");
    }
    return new CompletionRequest(
        fields.requiredText("model"),
        CompletionMessages.parse(fields),
        stream,
        fields
            .object("stream_options")
            .map(options -> options.flag("include_usage"))
            .orElse(false),
        tools,
        toolChoice(fields, tools),
        sampling(fields, drawnSeed),
        user);
  }

  ChatRequest toChat() {
    return new ChatRequest(
        model, messages.stream().map(Message::toChat).toList(), tools, toolChoice, sampling);
  }

  private static void refuseUnsupported(Fields fields) {
    fields.whole("n", 1, 1, 1);
    if (fields.flag("logprobs")) {
      throw fields.invalid("logprobs", "is not supported here and must be false");
    }
    for (String name : List.of("top_logprobs", "presence_penalty", "frequency_penalty")) {
      if (fields.has(name) && !(fields.get(name).isNumber() && fields.get(name).asDouble() == 0)) {
        throw fields.invalid(name, "is not supported here and must be 0");
      }
    }
    fields.object("logit_bias").filter(bias -> !bias.object().isEmpty()).ifPresent(bias -> {
      throw fields.invalid("logit_bias", "is not supported here and must be empty");
    });
    fields
        .object("response_format")
        .filter(format -> !format.requiredText("type").equals("text"))
        .ifPresent(format -> {
          throw format.invalid("type", "must be \"text\"; other formats are not supported here");
        });
    for (JsonNode modality : fields.get("modalities")) {
      if (!modality.asText().equals("text")) {
        throw fields.invalid("modalities", "must be [\"text\"]");
      }
    }
    for (String replaced : List.of("functions", "function_call")) {
      if (fields.has(replaced)) {
        throw fields.invalid(replaced, "is not supported here; use 'tools' and 'tool_choice'");
      }
    }
    fields.flag("parallel_tool_calls");
  }

  private static Sampling sampling(Fields fields, long drawnSeed) {
    float topP = fields.number("top_p", 0, 1, 1);
    if (topP == 0) {
      throw fields.invalid("top_p", "must be above 0 and at most 1");
    }
    String limit = fields.has("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
    return new Sampling(
        fields.number("temperature", 0, 2, 1),
        topP,
        (int) fields.whole(limit, 1, Integer.MAX_VALUE, 0),
        fields.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE, drawnSeed),
        stop(fields));
  }

  private static List<String> stop(Fields fields) {
    JsonNode stop = fields.get("stop");
    String expected =
        "must be a string or a list of at most " + MOST_STOPS + " strings, none of them empty";
    if (!fields.has("stop")) {
      return List.of();
    }
    List<JsonNode> all = stop.isArray() ? stop.valueStream().toList() : List.of(stop);
    if (all.size() > MOST_STOPS
        || all.stream().anyMatch(each -> !each.isTextual() || each.textValue().isEmpty())) {
      throw fields.invalid("stop", expected);
    }
    return all.stream().map(JsonNode::textValue).toList();
  }

  private static List<ToolSpecification> tools(Fields fields) {
    List<Fields> given = fields.objects("tools");
    if (given.size() > MOST_TOOLS) {
      throw fields.invalid(
          "tools", "may have at most " + MOST_TOOLS + " tools, has " + given.size());
    }
    List<ToolSpecification> tools = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Fields tool : given) {
      if (!tool.requiredText("type").equals("function")) {
        throw tool.invalid("type", "must be \"function\"");
      }
      Fields function = tool.requiredObject("function");
      String name = function.requiredText("name");
      if (!name.matches("[a-zA-Z0-9_?-]{1,64}") || !names.add(name)) {
        throw function.invalid(
            "name", "must be 1 to 64 of a-z A-Z 0-9 _ - and different from the others'");
      }
      function.flag("strict");
      if (function.has("parameters")) {
        SCHEMAS.require(name, function.get("parameters"), function.pathOf("parameters"));
      }
      tools.add(new ToolSpecification(
          name,
          function.text("description").orElse(""),
          function.has("parameters")
              ? function.get("parameters").toString()
              : "{\"type\":\"object\",\"properties\":{}}"));
    }
    return List.copyOf(tools);
  }

  private static ToolChoice toolChoice(Fields fields, List<ToolSpecification> tools) {
    JsonNode choice = fields.get("tool_choice");
    if (!fields.has("tool_choice")) {
      return tools.isEmpty() ? ToolChoice.NONE : ToolChoice.AUTO;
    }
    String mode = choice.isTextual() ? choice.textValue() : "";
    if (mode.equals("none") || (mode.equals("auto") && tools.isEmpty())) {
      return ToolChoice.NONE;
    }
    if (mode.equals("auto")) {
      return ToolChoice.AUTO;
    }
    if (mode.equals("required") && !tools.isEmpty()) {
      return new ToolChoice(ToolChoice.Mode.REQUIRED, "");
    }
    String name = choice.path("function").path("name").asText();
    if (choice.path("type").asText().equals("function")
        && tools.stream().anyMatch(tool -> tool.name().equals(name))) {
      return new ToolChoice(ToolChoice.Mode.FUNCTION, name);
    }
    throw fields.invalid(
        "tool_choice",
        "must be \"none\", \"auto\", \"required\" or {\"type\": \"function\", \"function\": {\"name\": ...}} with one of the names in 'tools' "
            + tools.stream().map(ToolSpecification::name).toList());
  }
}
