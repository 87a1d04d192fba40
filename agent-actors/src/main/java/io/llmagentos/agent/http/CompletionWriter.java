package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ToolCall;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes answers in OpenAI's shapes: one whole completion, or its chunks one after the other. One per answer; not thread-safe. */
final class CompletionWriter {
  private final String model;
  private final Instant started;
  private final boolean includeUsage;
  private final StringBuilder said = new StringBuilder();
  private boolean begun;

  /** @param model the name that the request used */
  CompletionWriter(String model, Instant started, boolean includeUsage) {
    this.model = model;
    this.started = started;
    this.includeUsage = includeUsage;
  }

  ObjectNode whole(CompletionPiece.End end) {
    ChatReply reply = end.reply();
    ObjectNode body = head(end.completion(), "chat.completion", end.at());
    body.put("system_fingerprint", reply.weightVersion());
    ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
    ObjectNode message = choice.putObject("message").put("role", "assistant");
    message.put(
        "content", reply.text().isEmpty() && !reply.toolCalls().isEmpty() ? null : reply.text());
    message.putNull("refusal");
    if (!reply.toolCalls().isEmpty()) {
      calls(message.putArray("tool_calls"), end.completion(), reply.toolCalls(), false);
    }
    choice.putNull("logprobs").put("finish_reason", reply.finishReason().id());
    body.set("usage", usage(reply.usage()));
    end.exceeded().ifPresent(why -> body.set("budget_exceeded", TurnJson.exceeded(why)));
    return body;
  }

  /** The chunks that a piece becomes. */
  List<ObjectNode> chunks(CompletionPiece piece) {
    List<ObjectNode> chunks = new ArrayList<>();
    if (!begun) {
      begun = true;
      ObjectNode role = delta().put("role", "assistant").put("content", "");
      chunks.add(chunk(piece.completion(), role.putNull("refusal"), null, null));
    }
    switch (piece) {
      case CompletionPiece.Text text -> say(chunks, text.completion(), text.text());
      case CompletionPiece.End end -> end(chunks, end);
    }
    return chunks;
  }

  private void end(List<ObjectNode> chunks, CompletionPiece.End end) {
    ChatReply reply = end.reply();
    say(chunks, end.completion(), unsaid(reply.text()));
    if (!reply.toolCalls().isEmpty()) {
      ObjectNode delta = delta();
      calls(delta.putArray("tool_calls"), end.completion(), reply.toolCalls(), true);
      chunks.add(chunk(end.completion(), delta, null, null));
    }
    ObjectNode finish =
        chunk(end.completion(), delta(), reply.finishReason().id(), reply.weightVersion());
    end.exceeded().ifPresent(why -> finish.set("budget_exceeded", TurnJson.exceeded(why)));
    chunks.add(finish);
    if (includeUsage) {
      ObjectNode last = chunk(end.completion(), delta(), null, reply.weightVersion());
      last.putArray("choices");
      last.set("usage", usage(reply.usage()));
      chunks.add(last);
    }
  }

  private String unsaid(String text) {
    if (said.toString().startsWith(text)) {
      return "";
    }
    return text.startsWith(said.toString()) ? text.substring(said.length()) : "\n\n" + text;
  }

  private void say(List<ObjectNode> chunks, String id, String text) {
    if (!text.isEmpty()) {
      said.append(text);
      chunks.add(chunk(id, delta().put("content", text), null, null));
    }
  }

  private ObjectNode chunk(
      String id, ObjectNode delta, @Nullable String finishReason, @Nullable String fingerprint) {
    ObjectNode body = head(id, "chat.completion.chunk", started);
    body.put("system_fingerprint", fingerprint);
    ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
    choice.set("delta", delta);
    choice.putNull("logprobs").put("finish_reason", finishReason);
    if (includeUsage) {
      body.putNull("usage");
    }
    return body;
  }

  private ObjectNode head(String id, String object, Instant at) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", "chatcmpl-" + id)
        .put("object", object)
        .put("created", at.getEpochSecond())
        .put("model", model);
  }

  private static ObjectNode delta() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** A model's call ids are unique within its reply; a client's dialogue has many replies. */
  private static void calls(ArrayNode array, String id, List<ToolCall> calls, boolean indexed) {
    for (int i = 0; i < calls.size(); i++) {
      ObjectNode json = array.addObject();
      if (indexed) {
        json.put("index", i);
      }
      json.put("id", "call_" + id + "_" + i).put("type", "function");
      json.putObject("function")
          .put("name", calls.get(i).name())
          .put("arguments", calls.get(i).arguments());
    }
  }

  private static ObjectNode usage(ChatReply.Usage usage) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("prompt_tokens", usage.promptTokens())
        .put("completion_tokens", usage.completionTokens())
        .put("total_tokens", usage.promptTokens() + usage.completionTokens());
  }
}
