package io.llmagentos.model.serving;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.engine.Engine;
import io.llmagentos.model.generation.ChatFormat;
import io.llmagentos.model.generation.Generation;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;

/** A model whose weights are on this node: chats become prompts here, and run in its {@link ModelReplica}. Thread-safe. */
public final class LocalModel implements LanguageModel {
  private static final String DISPATCHER = "llmagentos.model.replica-dispatcher";

  private final String id;
  private final ChatFormat format;
  /** Two versions of a model may be served at a time: names of actors are numbered. */
  private static final AtomicLong SERVED = new AtomicLong();

  private final Tokenizer tokenizer;
  private final int contextLength;
  private final String weightVersion;
  private final LocalModelSettings settings;
  private final AtomicInteger waiting;
  private final ActorRef<ModelReplica.Command> replica;
  private final ExecutorService preparing;

  private LocalModel(
      String id,
      ChatFormat format,
      Tokenizer tokenizer,
      Engine engine,
      LocalModelSettings settings,
      AtomicInteger waiting,
      ActorRef<ModelReplica.Command> replica) {
    this.id = id;
    this.format = format;
    this.tokenizer = tokenizer;
    this.contextLength = Math.min(engine.contextLength(), settings.cacheTokens());
    this.weightVersion = engine.weightVersion();
    this.settings = settings;
    this.waiting = waiting;
    this.replica = replica;
    this.preparing = Executors.newSingleThreadExecutor(
        Thread.ofPlatform().daemon().name("prompts-of-" + id).factory());
  }

  /**
   * Serve an engine.
   *
   * @param engine is the model's from here on
   */
  public static LocalModel serve(
      String id,
      ChatFormat format,
      Tokenizer tokenizer,
      Engine engine,
      LocalModelSettings settings,
      ActorSystem<?> system,
      MeterRegistry registry,
      Clock clock) {
    AtomicInteger waiting = new AtomicInteger();
    ActorRef<ModelReplica.Command> replica = system.systemActorOf(
        ModelReplica.create(
            id, engine, settings, new ReplicaMetrics(registry, id, waiting), waiting, clock),
        ModelDoor.nameOf(id).replaceFirst("model", "replica")
            + ModelDoor.SEPARATOR
            + SERVED.getAndIncrement(),
        DispatcherSelector.fromConfig(DISPATCHER));
    return new LocalModel(id, format, tokenizer, engine, settings, waiting, replica);
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public CompletionStage<ChatReply> chat(ChatRequest request, TokenListener listener) {
    return run(request, Instant.MAX, Assignment.Emitted.NOTHING, listener);
  }

  @Override
  public CompletionStage<ChatReply> chat(Assignment assignment, TokenListener listener) {
    return run(
        assignment.request(), assignment.context().deadline(), assignment.emitted(), listener);
  }

  private CompletionStage<ChatReply> run(
      ChatRequest request, Instant deadline, Assignment.Emitted emitted, TokenListener listener) {
    if (waiting.incrementAndGet() > settings.queue()) {
      waiting.decrementAndGet();
      return CompletableFuture.failedFuture(new AgentOsException(
          ErrorCode.QUEUE_FULL,
          "model '" + id + "' has " + settings.queue()
              + " requests waiting (llmagentos.model.models." + id + ".queue); try again later"));
    }
    CompletableFuture<ChatReply> reply = new CompletableFuture<>();
    try {
      preparing.execute(() -> prepare(request, deadline, emitted, listener, reply));
    } catch (RejectedExecutionException e) {
      refuse(reply, new AgentOsException(ErrorCode.UNAVAILABLE, "model '" + id + "' was stopped"));
    }
    return reply;
  }

  private void prepare(
      ChatRequest request,
      Instant deadline,
      Assignment.Emitted emitted,
      TokenListener listener,
      CompletableFuture<ChatReply> reply) {
    try {
      Generation generation = new Generation(format.prompt(request, contextLength), tokenizer);
      if (!emitted.tokenIds().isEmpty()) {
        requireSameWeights(emitted);
        generation.replay(emitted.tokenIds(), emitted.logProbs());
      }
      if (generation.isFinished()) {
        waiting.decrementAndGet();
        reply.complete(generation.reply(id, weightVersion));
      } else {
        replica.tell(
            new ModelReplica.Run(new ModelReplica.Job(generation, deadline, listener, reply)));
      }
    } catch (RuntimeException e) {
      refuse(reply, e);
    }
  }

  private void requireSameWeights(Assignment.Emitted emitted) {
    if (!emitted.weightVersion().equals(weightVersion)) {
      throw new AgentOsException(
          ErrorCode.UNAVAILABLE,
          "the answer was begun with weights " + emitted.weightVersion() + ", model '" + id
              + "' has " + weightVersion + " here; ask again");
    }
  }

  private void refuse(CompletableFuture<ChatReply> reply, RuntimeException why) {
    waiting.decrementAndGet();
    reply.completeExceptionally(
        why instanceof AgentOsException
            ? why
            : new AgentOsException(
                ErrorCode.MODEL_FAILED,
                "model '" + id + "' cannot take the request: " + why,
                null,
                why));
  }

  /** Stops the replica, which closes the engine; requests in flight fail with {@code UNAVAILABLE}. */
  @Override
  public void close() {
    // Behind what is being prepared, so that nothing comes to a replica that is gone.
    preparing.execute(() -> replica.tell(new ModelReplica.Stop()));
    preparing.shutdown();
  }
}
