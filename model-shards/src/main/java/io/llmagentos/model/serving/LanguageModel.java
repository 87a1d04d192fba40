package io.llmagentos.model.serving;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import java.util.concurrent.CompletionStage;

/** A language model that answers chats: local weights, a remote endpoint, or a script. Thread-safe. */
public interface LanguageModel extends AutoCloseable {
  /** The name that requests use. */
  String id();

  /**
   * Answer. Never blocks the caller; fails with {@code AgentOsException} ({@code QUEUE_FULL}, {@code CONTEXT_LENGTH_EXCEEDED}, ...).
   *
   * @param listener hears each piece of text as it comes, from any one thread at a time, and may cancel
   */
  CompletionStage<ChatReply> chat(ChatRequest request, TokenListener listener);

  /** Release weights and connections; requests in flight fail. */
  @Override
  default void close() {}
}
