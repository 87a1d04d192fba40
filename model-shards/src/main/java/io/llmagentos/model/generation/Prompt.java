package io.llmagentos.model.generation;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.sampling.LogitsFilter;
import java.util.List;
import java.util.Set;

/**
 * A request in a model's own language: what to feed, what may come, and how to read it.
 *
 * @param tokens to feed; at least one
 * @param maxNewTokens what may come at most, within the context
 * @param endTokens any of which ends the answer, and is no part of its text
 */
public record Prompt(
    int[] tokens,
    int maxNewTokens,
    Set<Integer> endTokens,
    LogitsFilter filter,
    long seed,
    List<String> stop,
    Constraint constraint,
    Reading reading) {
  public Prompt {
    endTokens = Set.copyOf(endTokens);
    stop = List.copyOf(stop);
    if (tokens.length == 0 || maxNewTokens < 1) {
      throw new IllegalArgumentException(
          "a prompt needs a token and room for one, has " + tokens.length + " and " + maxNewTokens);
    }
  }

  /** Understands what the model said. */
  @FunctionalInterface
  public interface Reading {
    /**
     * @param tokens of the answer, the end token included
     * @param text before any stop text
     */
    Answer read(List<Integer> tokens, String text, ChatReply.FinishReason reason);
  }

  /** What the model said, understood. */
  public record Answer(String text, List<ToolCall> toolCalls, ChatReply.FinishReason finishReason) {
    public Answer {
      toolCalls = List.copyOf(toolCalls);
    }
  }
}
