package io.llmagentos.model.registry;

import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;

/** Publishes models by name, for every node with the role {@code model} to serve. What is published outlives every process. Thread-safe. */
public final class ModelRegistry {
  /** The types that cross the wire, in the order of their ids. */
  public static final List<Class<?>> WIRE_TYPES = PublishedModel.WIRE_TYPES;

  private static final Duration ASK = Duration.ofSeconds(10);
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:-]{0,99}");

  private final ActorSystem<?> system;
  private final ClusterSharding sharding;
  private final ArtifactStore artifacts;
  private final Executor blocking;

  private ModelRegistry(ActorSystem<?> system, ArtifactStore artifacts, Executor blocking) {
    this.system = system;
    this.sharding = ClusterSharding.get(system);
    this.artifacts = artifacts;
    this.blocking = blocking;
  }

  /** Start the entities of this node, if it hosts any, and the way to them. */
  public static ModelRegistry start(
      ActorSystem<?> system, ArtifactStore artifacts, Clock clock, Executor blocking) {
    ModelRegistry registry = new ModelRegistry(system, artifacts, blocking);
    registry.sharding.init(Entity.of(
            PublishedModel.KEY,
            context -> PublishedModel.create(context.getEntityId(), artifacts, clock, blocking))
        .withRole("core"));
    return registry;
  }

  /** @throws AgentOsException {@code INVALID_REQUEST} for a name that a model cannot have */
  public static String requireName(String name, String param) {
    if (!NAME.matcher(name).matches()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          param
              + " must be 1 to 100 letters, digits, '.', '_', ':', '-', beginning with a letter or"
              + " digit, is '" + name + "'",
          param);
    }
    return name;
  }

  /**
   * Let a name stand for an archive that is in the store; a name that stands for another one changes over. Done once it is in the journal and leased; nodes serve it
   * soon after. May be repeated.
   *
   * @param archive a {@link ModelArchive}
   * @param source where it comes from, for people
   */
  public CompletionStage<Void> publish(
      String name, ArtifactId archive, String source, String principal) {
    requireName(name, "model");
    return CompletableFuture.runAsync(() -> artifacts.locate(archive), blocking)
        .thenCompose(there -> ask(
            name,
            replyTo -> new PublishedModel.Publish(archive.sha256(), source, principal, replyTo)));
  }

  /** Serve a name no more. What runs on it ends. */
  public CompletionStage<Void> withdraw(String name, String principal) {
    return ask(name, replyTo -> new PublishedModel.Withdraw(principal, replyTo));
  }

  private CompletionStage<Void> ask(
      String name, Function<ActorRef<PublishedModel.Done>, PublishedModel.Command> message) {
    return AskPattern.<PublishedModel.Command, PublishedModel.Done>ask(
            sharding.entityRefFor(PublishedModel.KEY, name),
            message::apply,
            ASK,
            system.scheduler())
        .handle((done, failure) -> {
          if (failure != null) {
            throw new AgentOsException(
                ErrorCode.UNAVAILABLE,
                "the registry does not answer for model '" + name + "'; ask again",
                "model",
                failure);
          }
          return null;
        });
  }
}
