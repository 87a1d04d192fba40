package io.llmagentos.agent.http;

import io.llmagentos.node.Node;
import io.llmagentos.node.http.Api;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.journal.JournalEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.persistence.jdbc.query.javadsl.JdbcReadJournal;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;

/** What entities of a node have in its journal: read, or written before the entity is there, as a crash would have left it. */
final class Journals {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private Journals() {}

  /** All events of an entity, in order. */
  static <E extends JournalEvent> List<E> read(Node node, String kind, String entity, Class<E> type)
      throws Exception {
    ActorSystem<?> system = node.system();
    return PersistenceQuery.get(system)
        .getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier())
        .currentEventsByPersistenceId(kind + "|" + entity, 1, Long.MAX_VALUE)
        .map(envelope -> type.cast(envelope.event()))
        .runFold(
            new ArrayList<E>(),
            (events, event) -> {
              events.add(event);
              return events;
            },
            system)
        .toCompletableFuture()
        .get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  /** @param renamed what another entity's events become, as JSON */
  static <E extends JournalEvent> void write(
      Node node,
      String kind,
      String entity,
      Class<E> type,
      List<E> events,
      UnaryOperator<String> renamed)
      throws Exception {
    List<JournalEvent> own = new ArrayList<>();
    for (E event : events) {
      String json = Api.JSON.writerFor(type).writeValueAsString(event);
      own.add(Api.JSON.readValue(renamed.apply(json), type));
    }
    ActorRef<Write> writer =
        node.spawn(new Writer(kind + "|" + entity), kind + "-" + entity.replace('/', '-'));
    AskPattern.<Write, Done>ask(
            writer, replyTo -> new Write(own, replyTo), LIMIT, node.system().scheduler())
        .toCompletableFuture()
        .get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  private record Write(List<JournalEvent> events, ActorRef<Done> replyTo) {}

  private static final class Writer extends EventSourcedBehavior<Write, JournalEvent, Integer> {
    Writer(String id) {
      super(PersistenceId.ofUniqueId(id));
    }

    @Override
    public Integer emptyState() {
      return 0;
    }

    @Override
    public CommandHandler<Write, JournalEvent, Integer> commandHandler() {
      return (written, write) -> Effect()
          .persist(write.events())
          .thenRun(all -> write.replyTo().tell(Done.getInstance()))
          .thenStop();
    }

    @Override
    public EventHandler<Integer, JournalEvent> eventHandler() {
      return (written, event) -> written + 1;
    }

    @Override
    public Set<String> tagsFor(JournalEvent event) {
      return EventProjection.tags(persistenceId().id());
    }
  }
}
