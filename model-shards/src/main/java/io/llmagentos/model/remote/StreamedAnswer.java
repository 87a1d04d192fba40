package io.llmagentos.model.remote;

import com.openai.models.chat.completions.ChatCompletionChunk;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatReply.FinishReason;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A reply put together from its chunks, which come one at a time. */
final class StreamedAnswer {
  private final String model;
  private final TokenListener listener;
  private final Runnable stop;
  private final StringBuilder text = new StringBuilder();
  private final TreeMap<Long, Call> calls = new TreeMap<>();
  private String served = "";
  /** What the endpoint calls its weights, if it does. */
  private String fingerprint = "";

  private ChatReply.Usage usage = new ChatReply.Usage(0, 0);
  private FinishReason reason = FinishReason.STOP;
  private boolean ended;
  private volatile boolean cancelled;
  private volatile @Nullable RuntimeException listenerFailure;

  private static final class Call {
    private String id = "";
    private String name = "";
    private final StringBuilder arguments = new StringBuilder();
  }

  /** @param stop closes the stream */
  StreamedAnswer(String model, TokenListener listener, Runnable stop) {
    this.model = model;
    this.listener = listener;
    this.stop = stop;
  }

  @SuppressWarnings("deprecation") // 'system_fingerprint', which endpoints still send
  void add(ChatCompletionChunk chunk) {
    if (cancelled) {
      return;
    }
    served = chunk.model();
    fingerprint = chunk.systemFingerprint().orElse(fingerprint);
    chunk
        .usage()
        .ifPresent(given -> usage = new ChatReply.Usage(
            Math.toIntExact(given.promptTokens()), Math.toIntExact(given.completionTokens())));
    for (ChatCompletionChunk.Choice choice : chunk.choices()) {
      choice.delta().toolCalls().orElse(List.of()).forEach(this::add);
      choice.finishReason().ifPresent(given -> {
        ended = true;
        reason = switch (given.asString()) {
          case "length" -> FinishReason.LENGTH;
          case "tool_calls", "function_call" -> FinishReason.TOOL_CALLS;
          default -> FinishReason.STOP;
        };
      });
      say(choice.delta().content().orElse(""));
    }
  }

  private void add(ChatCompletionChunk.Choice.Delta.ToolCall part) {
    Call call = calls.computeIfAbsent(part.index(), index -> new Call());
    part.id().ifPresent(id -> call.id = id);
    part.function().ifPresent(function -> {
      function.name().ifPresent(name -> call.name = name);
      function.arguments().ifPresent(call.arguments::append);
    });
  }

  private void say(String piece) {
    if (piece.isEmpty()) {
      return;
    }
    text.append(piece);
    try {
      if (!listener.onText(piece)) {
        cancel();
      }
    } catch (RuntimeException e) {
      listenerFailure = e;
      cancel();
    }
  }

  private void cancel() {
    cancelled = true;
    reason = FinishReason.CANCELLED;
    stop.run();
  }

  boolean isCancelled() {
    return cancelled;
  }

  void finish(CompletableFuture<ChatReply> reply) {
    RuntimeException failure = listenerFailure;
    if (failure != null) {
      reply.completeExceptionally(new AgentOsException(
          ErrorCode.INTERNAL, "the listener failed: " + failure, null, failure));
    } else if (!ended && !cancelled) {
      reply.completeExceptionally(new AgentOsException(
          ErrorCode.MODEL_FAILED, "the endpoint of model '" + model + "' ended its stream early"));
    } else {
      reply.complete(reply());
    }
  }

  private ChatReply reply() {
    List<ToolCall> toolCalls = cancelled
        ? List.of()
        : calls.values().stream()
            .map(call -> new ToolCall(
                call.id, call.name, call.arguments.isEmpty() ? "{}" : call.arguments.toString()))
            .toList();
    FinishReason why =
        toolCalls.isEmpty() || reason == FinishReason.LENGTH ? reason : FinishReason.TOOL_CALLS;
    return new ChatReply(
        model,
        fingerprint.isEmpty() ? served : fingerprint,
        text.toString(),
        toolCalls,
        why,
        usage,
        List.of(),
        List.of());
  }
}
