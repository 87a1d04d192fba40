package io.llmagentos.model.serving;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** A model whose weights are replaced while it serves: what was asked before ends on the weights it began with, and these are closed after it. Thread-safe. */
public final class ReplaceableModel implements LanguageModel {
  /** Weights and the requests that run on them. */
  private static final class Version {
    final LanguageModel model;
    private int running;
    private boolean retired;
    private boolean closed;

    Version(LanguageModel model) {
      this.model = model;
    }

    /** False once it takes no more. */
    synchronized boolean enter() {
      if (retired) {
        return false;
      }
      running++;
      return true;
    }

    void leave() {
      synchronized (this) {
        running--;
      }
      closeIf(false);
    }

    void retire() {
      synchronized (this) {
        retired = true;
      }
      closeIf(false);
    }

    void closeIf(boolean inAnyCase) {
      boolean close;
      synchronized (this) {
        close = !closed && (inAnyCase || (retired && running == 0));
        closed |= close;
      }
      if (close) {
        model.close();
      }
    }
  }

  private final String id;
  private volatile Version current;

  /** @param first belongs to this model from here on */
  public ReplaceableModel(LanguageModel first) {
    this.id = first.id();
    this.current = new Version(first);
  }

  /** @param next of the same id; belongs to this model from here on */
  public void replace(LanguageModel next) {
    if (!next.id().equals(id)) {
      throw new IllegalArgumentException(next.id() + " cannot take the place of " + id);
    }
    Version before;
    synchronized (this) {
      before = current;
      current = new Version(next);
    }
    before.retire();
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public CompletionStage<ChatReply> chat(ChatRequest request, TokenListener listener) {
    return on(model -> model.chat(request, listener));
  }

  @Override
  public CompletionStage<ChatReply> chat(Assignment assignment, TokenListener listener) {
    return on(model -> model.chat(assignment, listener));
  }

  private CompletionStage<ChatReply> on(Function<LanguageModel, CompletionStage<ChatReply>> ask) {
    Version version = current;
    while (!version.enter()) {
      Version next = current;
      if (next == version) { // closed
        return ask.apply(version.model);
      }
      version = next;
    }
    Version entered = version;
    CompletionStage<ChatReply> reply;
    try {
      reply = ask.apply(entered.model);
    } catch (RuntimeException e) {
      reply = CompletableFuture.failedFuture(e);
    }
    return reply.whenComplete((answer, failure) -> entered.leave());
  }

  /** Takes no more requests; those in flight end. */
  public void retire() {
    current.retire();
  }

  @Override
  public void close() {
    Version last = current;
    last.retire();
    last.closeIf(true);
  }
}
