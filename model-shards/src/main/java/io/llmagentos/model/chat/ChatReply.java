package io.llmagentos.model.chat;

import java.util.List;

/**
 * What a model answered, with all that training needs later.
 *
 * @param weightVersion the content hash of the weights, or the version that a remote model names
 * @param text empty when the model only calls tools
 * @param tokenIds of the answer; empty where the model does not tell
 * @param logProbs of each token in {@code tokenIds} under the model, in nats; empty where the model does not tell
 */
public record ChatReply(
    String model,
    String weightVersion,
    String text,
    List<ToolCall> toolCalls,
    FinishReason finishReason,
    Usage usage,
    List<Integer> tokenIds,
    List<Float> logProbs) {
  /** Why the model stopped. */
  public enum FinishReason {
    STOP,
    LENGTH,
    TOOL_CALLS,
    CANCELLED;

    /** OpenAI's word. */
    public String id() {
      return this == CANCELLED ? "stop" : name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** Tokens. */
  public record Usage(int promptTokens, int completionTokens) {}

  public ChatReply {
    toolCalls = List.copyOf(toolCalls);
    tokenIds = List.copyOf(tokenIds);
    logProbs = List.copyOf(logProbs);
  }
}
