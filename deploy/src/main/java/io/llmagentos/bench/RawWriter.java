package io.llmagentos.bench;

import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.journal.JournalEvent;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;

/** The journal's own rate: persists an event of a turn's size and answers, nothing else. No table and no timer comes of it. */
final class RawWriter extends EventSourcedBehavior<ActorRef<Done>, RawWriter.Written, Long> {
  record Written(String turn, List<ContentPart> content, Instant at) implements JournalEvent {}

  private RawWriter(String id) {
    super(PersistenceId.of("bench", id));
  }

  static Behavior<ActorRef<Done>> create(String id) {
    return new RawWriter(id);
  }

  @Override
  public Long emptyState() {
    return 0L;
  }

  @Override
  public CommandHandler<ActorRef<Done>, Written, Long> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onAnyCommand((count, replyTo) -> Effect()
            .persist(new Written(
                "turn-" + count, ContentPart.text("add milk to my shopping list"), Instant.EPOCH))
            .thenReply(replyTo, s -> Done.getInstance()));
  }

  @Override
  public EventHandler<Long, Written> eventHandler() {
    return newEventHandlerBuilder().forAnyState().onAnyEvent((count, event) -> count + 1);
  }

  @Override
  public Set<String> tagsFor(Written event) {
    return EventProjection.tags(persistenceId().id());
  }
}
