package io.llmagentos.agent.http;

import io.llmagentos.agent.account.MeteredModels;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.serving.Models;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Connection;
import java.time.Clock;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.stream.javadsl.Source;

/** Completions by a language model: stateless, and cancelled when nobody listens any more or the deadline has passed. */
final class ModelAnswers {
  private static final int BUFFER = 256;

  private final ActorSystem<?> system;
  private final Clock clock;
  private final Models models;

  ModelAnswers(Node node) {
    this.system = node.system();
    this.clock = node.clock();
    this.models = node.service(MeteredModels.class);
  }

  Source<CompletionPiece, NotUsed> to(
      CompletionRequest request, Context context, Connection connection) {
    String id = UUID.randomUUID().toString().replace("-", "");
    var queue = Source.<String>queue(BUFFER).preMaterialize(system);
    Duration left = Duration.between(clock.instant(), context.deadline());
    CompletableFuture<ChatReply> reply = new CompletableFuture<>();
    Listener listener = new Listener(queue.first(), () -> connection.isClosed() || reply.isDone());
    models.chat(context, request.toChat(), listener).whenComplete((answer, failure) -> {
      if (failure == null) {
        reply.complete(answer);
      } else {
        reply.completeExceptionally(failure);
      }
    });
    CompletableFuture<ChatReply> inTime = reply
        .orTimeout(Math.max(1, left.toMillis()), TimeUnit.MILLISECONDS)
        .whenComplete((answer, failure) -> queue.first().complete())
        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(typed(failure, left)));
    return queue
        .second()
        .<CompletionPiece>map(text -> new CompletionPiece.Text(id, text))
        .concat(Source.completionStage(inTime)
            .map(answer -> new CompletionPiece.End(id, answer, clock.instant())));
  }

  private static Throwable typed(Throwable failure, Duration left) {
    Throwable cause = failure instanceof CompletionException wrapped && wrapped.getCause() != null
        ? wrapped.getCause()
        : failure;
    return cause instanceof TimeoutException
        ? new AgentOsException(
            ErrorCode.DEADLINE_EXCEEDED,
            "the model did not answer within " + left.toSeconds()
                + " s (llmagentos.http.request-timeout)")
        : cause;
  }

  /** Passes text on without ever waiting: what a slow client has no room for is held back and joins the next piece, or the end. */
  private static final class Listener implements TokenListener {
    private final BoundedSourceQueue<String> queue;
    private final BooleanSupplier over;
    private final StringBuilder held = new StringBuilder();

    Listener(BoundedSourceQueue<String> queue, BooleanSupplier over) {
      this.queue = queue;
      this.over = over;
    }

    @Override
    public synchronized boolean onText(String text) {
      if (over.getAsBoolean()) {
        return false;
      }
      held.append(text);
      QueueOfferResult offered = queue.offer(held.toString());
      if (offered.isEnqueued()) {
        held.setLength(0);
        return true;
      }
      return offered.equals(QueueOfferResult.dropped());
    }
  }
}
