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
  private final Map<String, LanguageModel> local;
  private final ModelDirectory directory;
  private final ActorRef<Command> actor;

  private sealed interface Command {}

  private record Listed(Receptionist.Listing listing) implements Command {}

  private record Deliver(
      Assignment assignment, TokenListener listener, CompletableFuture<ChatReply> result)
      implements Command {}

  private ModelRouter(
      Map<String, LanguageModel> local, ModelDirectory directory, ActorRef<Command> actor) {
    this.local = Map.copyOf(local);
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
    local.forEach((id, model) ->
        system.systemActorOf(ModelDoor.create(model), ModelDoor.nameOf(id), Props.empty()));
    ActorRef<Command> actor =
        system.systemActorOf(behavior(directory, clock), "model-router", Props.empty());
    return new ModelRouter(local, directory, actor);
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
    LanguageModel model = local.get(request.model());
    if (model == null) {
      return deliver(assignment, listener);
    }
    return model
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
