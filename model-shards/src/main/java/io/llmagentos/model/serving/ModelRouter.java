package io.llmagentos.model.serving;

import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;

/**
 * A node's way to the cluster's models: to its own where it has one, else through a {@link Delivery} to another node's {@link ModelDoor}. Thread-safe.
 */
public final class ModelRouter implements Models {
  private final ActorSystem<?> system;
  private final Map<String, Served> local = new ConcurrentHashMap<>();
  private final ModelDirectory directory;
  private final ActorRef<Command> actor;
  private final AtomicLong opened = new AtomicLong();

  private record Served(LanguageModel model, ActorRef<ModelDoor.Command> door) {}

  private sealed interface Command {}

  private record Listed(Receptionist.Listing listing) implements Command {}

  private record Deliver(
      Assignment assignment, TokenListener listener, CompletableFuture<ChatReply> result)
      implements Command {}

  private ModelRouter(ActorSystem<?> system, ModelDirectory directory, ActorRef<Command> actor) {
    this.system = system;
    this.directory = directory;
    this.actor = actor;
  }

  /**
   * Open a door to each local model and find the others'.
   *
   * @param findTimeout how long after the start a model may be unknown because nobody has told yet
   * @param failoverTimeout how long to wait for a replica when the last one was lost
   */
  public static ModelRouter start(
      ActorSystem<?> system,
      Map<String, LanguageModel> local,
      Clock clock,
      Duration findTimeout,
      Duration failoverTimeout) {
    ModelDirectory directory = new ModelDirectory(clock, findTimeout, failoverTimeout);
    ActorRef<Command> actor =
        system.systemActorOf(behavior(directory, clock), "model-router", Props.empty());
    ModelRouter router = new ModelRouter(system, directory, actor);
    local.values().forEach(router::serve);
    return router;
  }

  /** Open a door to one more local model, which the caller closes. False: this node serves one of that id. */
  public synchronized boolean serve(LanguageModel model) {
    if (local.containsKey(model.id())) {
      return false;
    }
    String name = ModelDoor.nameOf(model.id()) + ModelDoor.SEPARATOR + opened.getAndIncrement();
    local.put(
        model.id(),
        new Served(model, system.systemActorOf(ModelDoor.create(model), name, Props.empty())));
    return true;
  }

  /** Close the door to a local model; what came through it ends. */
  public synchronized void withdraw(String id) {
    Served served = local.remove(id);
    if (served != null) {
      served.door().tell(new ModelDoor.Close());
    }
  }

  private static Behavior<Command> behavior(ModelDirectory directory, Clock clock) {
    return Behaviors.setup(context -> {
      context
          .getSystem()
          .receptionist()
          .tell(Receptionist.subscribe(
              ModelDoor.KEY, context.messageAdapter(Receptionist.Listing.class, Listed::new)));
      return Behaviors.receive(Command.class)
          .onMessage(Listed.class, listed -> {
            directory.list(listed.listing().getServiceInstances(ModelDoor.KEY));
            return Behaviors.same();
          })
          .onMessage(Deliver.class, deliver -> {
            context.spawnAnonymous(Delivery.create(
                deliver.assignment(), deliver.listener(), deliver.result(), directory, clock));
            return Behaviors.same();
          })
          .build();
    });
  }

  @Override
  public List<String> ids() {
    TreeSet<String> ids = new TreeSet<>(local.keySet());
    ids.addAll(directory.ids());
    return List.copyOf(ids);
  }

  @Override
  public CompletionStage<ChatReply> chat(
      Context context, ChatRequest request, TokenListener listener) {
    Assignment assignment = Assignment.fresh(context, request);
    Served served = local.get(request.model());
    if (served == null) {
      return deliver(assignment, listener);
    }
    return served
        .model()
        .chat(assignment, listener)
        .exceptionallyCompose(failure -> isFull(failure) && servedElsewhere(request.model())
            ? deliver(assignment, listener)
            : CompletableFuture.failedFuture(failure));
  }

  /** How many nodes serve a model, as far as this one knows. */
  int doors(String model) {
    return directory.doors(model).size();
  }

  private CompletionStage<ChatReply> deliver(Assignment assignment, TokenListener listener) {
    CompletableFuture<ChatReply> result = new CompletableFuture<>();
    actor.tell(new Deliver(assignment, listener, result));
    return result;
  }

  private boolean servedElsewhere(String model) {
    return directory.doors(model).stream()
        .anyMatch(door -> door.path().address().hasGlobalScope());
  }

  private static boolean isFull(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
    return cause instanceof AgentOsException known && known.code() == ErrorCode.QUEUE_FULL;
  }

  static AgentOsException notFound(String model, ModelDirectory directory) {
    return new AgentOsException(
        ErrorCode.MODEL_NOT_FOUND,
        "model '" + model + "' does not exist; known are " + directory.ids(),
        "model");
  }
}
