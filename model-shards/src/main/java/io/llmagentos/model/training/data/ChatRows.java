package io.llmagentos.model.training.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.model.tokenizer.ChatTemplate;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.Tokens;
import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.node.error.AgentOsException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Chats as examples: the template's text of {@code messages} (and {@code tools}), in OpenAI's form as TRL reads them. Learnt is what the assistant says: from where
 * the template lets it begin to speak to where its turn ends, the token that ends it included.
 */
final class ChatRows implements ExampleStore.Encoder {
  private static final String MESSAGES = "messages";

  private final ChatTemplate template;
  private final Tokenizer tokenizer;
  private final int maxLength;

  ChatRows(ChatTemplate template, Tokenizer tokenizer, int maxLength) {
    this.template = template;
    this.tokenizer = tokenizer;
    this.maxLength = maxLength;
  }

  @Override
  public Example encode(Row row) {
    JsonNode object = row.object().json();
    List<ChatMessage> messages = messages(row, object.path(MESSAGES));
    List<ToolSpecification> tools = tools(row, object.path("tools"));
    String text = render(row, messages, tools, false);
    Tokens tokens = tokenizer.encode(text, false);
    int[] ids = Arrays.copyOf(tokens.ids(), Math.min(maxLength, tokens.length()));
    int[] labels = new int[ids.length];
    Arrays.fill(labels, Batch.IGNORED);
    for (int i = 0; i < messages.size(); i++) {
      if (!messages.get(i).role().equals("assistant")) {
        continue;
      }
      String before = render(row, messages.subList(0, i), tools, true);
      String after = render(row, messages.subList(0, i + 1), tools, false).stripTrailing();
      if (!after.startsWith(before) || !text.startsWith(after)) {
        throw row.invalid(
            "has an answer at " + MESSAGES + "[" + i + "] that the chat template writes another"
                + " way when more messages follow",
            MESSAGES);
      }
      int from = before.codePointCount(0, before.length());
      int to = after.codePointCount(0, after.length());
      for (int t = 0; t < ids.length; t++) {
        if (tokens.starts()[t] >= from && tokens.ends()[t] <= to) {
          labels[t] = ids[t];
        }
      }
    }
    if (Arrays.stream(labels).allMatch(label -> label == Batch.IGNORED)) {
      throw row.invalid(
          "has no answer within " + DataArguments.MAX_SEQ_LENGTH + " of " + maxLength + ": it has "
              + tokens.length() + " tokens",
          DataArguments.MAX_SEQ_LENGTH.name());
    }
    return new Example(ids, labels);
  }

  private String render(
      Row row, List<ChatMessage> messages, List<ToolSpecification> tools, boolean answers) {
    try {
      return template.render(messages, tools, answers);
    } catch (AgentOsException e) {
      throw row.invalid("has a chat that cannot be written: " + e.getMessage(), MESSAGES);
    }
  }

  private static List<ChatMessage> messages(Row row, JsonNode list) {
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : list) {
      List<ToolCall> calls = new ArrayList<>();
      for (JsonNode call : message.path("tool_calls")) {
        JsonNode function = call.path("function");
        JsonNode arguments = function.path("arguments");
        calls.add(new ToolCall(
            call.path("id").asText(),
            function.path("name").asText(),
            arguments.isTextual() ? arguments.asText() : arguments.toString()));
      }
      JsonNode role = message.path("role");
      JsonNode content = message.path("content");
      if (!role.isTextual() || !(content.isTextual() || !calls.isEmpty())) {
        throw row.invalid(
            "has at " + MESSAGES + "[" + messages.size() + "] no role and content", MESSAGES);
      }
      messages.add(new ChatMessage(
          role.asText(), content.asText(""), calls, message.path("tool_call_id").asText("")));
    }
    if (messages.stream().noneMatch(message -> message.role().equals("assistant"))) {
      throw row.invalid("has no " + MESSAGES + " with an answer of the assistant", MESSAGES);
    }
    return messages;
  }

  private static List<ToolSpecification> tools(Row row, JsonNode list) {
    List<ToolSpecification> tools = new ArrayList<>();
    for (JsonNode tool : list) {
      JsonNode function = tool.path("function");
      try {
        tools.add(new ToolSpecification(
            function.path("name").asText(),
            function.path("description").asText(),
            function.path("parameters").toString()));
      } catch (IllegalArgumentException e) {
        throw row.invalid("has at tools[" + tools.size() + "] " + e.getMessage(), "tools");
      }
    }
    return tools;
  }
}
