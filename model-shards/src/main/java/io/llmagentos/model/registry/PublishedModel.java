package io.llmagentos.model.registry;

import io.llmagentos.node.artifact.ArtifactId;
import io.llmagentos.node.artifact.ArtifactStore;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.wire.WireMessage;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;

/** One published name: which weights it stands for. Holds the lease on them. */
final class PublishedModel
    extends EventSourcedBehavior<
        PublishedModel.Command, PublicationEvent, PublishedModel.Publication> {
  static final String KIND = "model";
  static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, KIND);

  sealed interface Command extends WireMessage {}

  /** Let the name stand for these weights from now on; the same again changes nothing. */
  record Publish(String archive, String source, String principal, ActorRef<Done> replyTo)
      implements Command {}

  record Withdraw(String principal, ActorRef<Done> replyTo) implements Command {}

  /**
   * It is in the journal.
   *
   * @param archive that the name stands for; empty: none
   */
  record Done(String archive) implements WireMessage {}

  /** The types that cross the wire, in the order of their ids. */
  static final List<Class<?>> WIRE_TYPES = List.of(Publish.class, Withdraw.class, Done.class);

  /** @param archive empty: not published */
  record Publication(String archive) {}

  private final String name;
  private final ArtifactStore artifacts;
  private final Clock clock;
  private final Executor blocking;
  /** Leases are changed one after another, in the order of the events. */
  private CompletableFuture<Void> leases = CompletableFuture.completedFuture(null);

  private PublishedModel(String name, ArtifactStore artifacts, Clock clock, Executor blocking) {
    super(PersistenceId.of(KIND, name));
    this.name = name;
    this.artifacts = artifacts;
    this.clock = clock;
    this.blocking = blocking;
  }

  static Behavior<Command> create(
      String name, ArtifactStore artifacts, Clock clock, Executor blocking) {
    return new PublishedModel(name, artifacts, clock, blocking);
  }

  /** Who holds the artifacts that a name stands for. */
  static String holder(String name) {
    return KIND + "|" + name;
  }

  @Override
  public Publication emptyState() {
    return new Publication("");
  }

  @Override
  public CommandHandler<Command, PublicationEvent, Publication> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(Publish.class, this::onPublish)
        .onCommand(Withdraw.class, this::onWithdraw)
        .build();
  }

  private Effect<PublicationEvent, Publication> onPublish(Publication state, Publish publish) {
    return state.archive().equals(publish.archive())
        ? Effect().none().thenRun(same -> hold(state, same, publish.replyTo()))
        : Effect()
            .persist(new PublicationEvent.ModelPublished(
                publish.archive(), publish.source(), publish.principal(), clock.instant()))
            .thenRun(now -> hold(state, now, publish.replyTo()));
  }

  private Effect<PublicationEvent, Publication> onWithdraw(Publication state, Withdraw withdraw) {
    return state.archive().isEmpty()
        ? Effect().none().thenRun(same -> hold(state, same, withdraw.replyTo()))
        : Effect()
            .persist(new PublicationEvent.ModelWithdrawn(withdraw.principal(), clock.instant()))
            .thenRun(now -> hold(state, now, withdraw.replyTo()));
  }

  /** What is journalled is leased, and nothing else; whoever waits for it asks again after a failure. */
  private void hold(Publication before, Publication now, ActorRef<Done> replyTo) {
    CompletableFuture<Void> done =
        leases.isCompletedExceptionally() ? CompletableFuture.completedFuture(null) : leases;
    leases = done.thenRunAsync(
        () -> {
          if (!now.archive().isEmpty()) {
            artifacts.lease(holder(name), new ArtifactId(now.archive()));
          }
          if (!before.archive().isEmpty() && !before.archive().equals(now.archive())) {
            artifacts.release(holder(name), new ArtifactId(before.archive()));
          }
          replyTo.tell(new Done(now.archive()));
        },
        blocking);
  }

  @Override
  public EventHandler<Publication, PublicationEvent> eventHandler() {
    return newEventHandlerBuilder()
        .forAnyState()
        .onEvent(
            PublicationEvent.ModelPublished.class,
            (state, published) -> new Publication(published.archive()))
        .onEvent(PublicationEvent.ModelWithdrawn.class, withdrawn -> new Publication(""))
        .build();
  }

  @Override
  public Set<String> tagsFor(PublicationEvent event) {
    return EventProjection.tags(persistenceId().id());
  }
}
