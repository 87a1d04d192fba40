package io.llmagentos.agent.http;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.serving.Models;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.Node;
import io.llmagentos.node.Subsystem;
import io.llmagentos.node.envelope.Context;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** Stands before the node's models and keeps what they were asked. */
public final class RecordedModels implements Subsystem, Models {
  private final Queue<ChatRequest> asked = new ConcurrentLinkedQueue<>();
  private final Queue<String> cancelled = new ConcurrentLinkedQueue<>();
  private @Nullable Models models;

  /** Before the agents, which take the models that are offered then. */
  @Override
  public String name() {
    return "a-recorder";
  }

  @Override
  public List<String> requires() {
    return List.of("model");
  }

  @Override
  public void start(Node node) {
    models = node.service(Models.class);
    node.offer(Models.class, this);
    node.offer(RecordedModels.class, this);
  }

  @Override
  public List<String> ids() {
    return inner().ids();
  }

  @Override
  public CompletionStage<ChatReply> chat(
      Context context, ChatRequest request, TokenListener listener) {
    asked.add(request);
    return inner().chat(context, request, text -> {
      boolean on = listener.onText(text);
      if (!on) {
        cancelled.add(request.lastUserText());
      }
      return on;
    });
  }

  private Models inner() {
    return Objects.requireNonNull(models, "started");
  }

  List<ChatRequest> asked(String lastUserText) {
    return asked.stream()
        .filter(request -> request.lastUserText().equals(lastUserText))
        .toList();
  }

  boolean wasCancelled(String lastUserText) {
    return cancelled.contains(lastUserText);
  }
}
