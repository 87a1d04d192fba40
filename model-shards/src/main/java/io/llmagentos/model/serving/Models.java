package io.llmagentos.model.serving;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.node.envelope.Context;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** The cluster's language models, by name. The service that other subsystems call. */
public interface Models {
  /** Names of the models that can be asked now, sorted. */
  List<String> ids();

  /**
   * Ask {@code request.model()}. Fails with {@code AgentOsException}: {@code MODEL_NOT_FOUND}, {@code QUEUE_FULL}, {@code DEADLINE_EXCEEDED}, ...
   */
  CompletionStage<ChatReply> chat(Context context, ChatRequest request, TokenListener listener);
}
