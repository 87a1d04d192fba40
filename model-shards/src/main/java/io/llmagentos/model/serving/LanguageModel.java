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

  /**
   * Answer within a deadline, or take up an answer that another replica began; its text so far is not said again. A model that does not keep token ids
   * begins anew.
   */
  default CompletionStage<ChatReply> chat(Assignment assignment, TokenListener listener) {
    return chat(assignment.request(), listener);
  }

  /** Release weights and connections; requests in flight fail. */
  @Override
  default void close() {}
}
