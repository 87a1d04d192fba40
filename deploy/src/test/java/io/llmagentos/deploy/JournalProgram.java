package io.llmagentos.deploy;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.journal.DueTimers;
import io.llmagentos.node.journal.EventProjection;
import io.llmagentos.node.journal.JournalDatabase;
import io.llmagentos.node.journal.JournalEvent;
import io.llmagentos.node.journal.JournalSettings;
import io.llmagentos.node.journal.Projector;
import io.llmagentos.node.journal.TimerChange;
import io.llmagentos.node.wire.WireRegistry;
import io.llmagentos.node.wire.WireSetup;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;

/**
 * A process that keeps a journal and says on standard output what it did, to be killed at any moment: {@code schema} opens the database,
 * {@code write} counts as fast as it can, {@code verify} compares what is there, {@code conflict} has two writers of one id.
 */
final class JournalProgram {
  private static final String COUNTER = "counter";

  private JournalProgram() {}

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Counted.class, name = "counted"),
    @JsonSubTypes.Type(value = Rang.class, name = "rang")
  })
  sealed interface Event extends JournalEvent {}

  /** The first count sets a timer that is due at once, so that it is late for whoever comes next. */
  record Counted(int number, Instant at) implements Event {
    @Override
    public List<TimerChange> timerChanges() {
      return number == 1 ? List.of(new TimerChange.Set("ring", at)) : List.of();
    }
  }

  record Rang(String timer) implements Event {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared(timer));
    }
  }

  record State(int number, int rang) {}

  enum Command {
    COUNT,
    RING
  }

  /** Counts on its own after each count that was acknowledged, if it is to. */
  private static final class Counter extends EventSourcedBehavior<Command, Event, State> {
    private final ActorRef<Command> self;
    private final String name;
    private final boolean onAndOn;

    Counter(ActorRef<Command> self, String name, String id, boolean onAndOn) {
      super(PersistenceId.of(COUNTER, id));
      this.self = self;
      this.name = name;
      this.onAndOn = onAndOn;
    }

    static Behavior<Command> create(String name, String id, boolean onAndOn) {
      return Behaviors.setup(context -> new Counter(context.getSelf(), name, id, onAndOn));
    }

    @Override
    public State emptyState() {
      return new State(0, 0);
    }

    @Override
    public CommandHandler<Command, Event, State> commandHandler() {
      return newCommandHandlerBuilder()
          .forAnyState()
          .onAnyCommand((state, command) -> switch (command) {
            case COUNT ->
              Effect().persist(new Counted(state.number() + 1, Instant.now())).thenRun(after -> {
                say(name + " counted " + after.number());
                if (onAndOn) {
                  self.tell(Command.COUNT);
                }
              });
            case RING ->
              state.rang() > 0
                  ? Effect().none()
                  : Effect()
                      .persist(new Rang("ring"))
                      .thenRun(after -> say(name + " rang " + after.rang()));
          });
    }

    @Override
    public EventHandler<State, Event> eventHandler() {
      return (state, event) -> event instanceof Counted counted
          ? new State(counted.number(), state.rang())
          : new State(state.number(), state.rang() + 1);
    }

    @Override
    public Set<String> tagsFor(Event event) {
      return EventProjection.tags(persistenceId().id());
    }

    @Override
    public SignalHandler<State> signalHandler() {
      return newSignalHandlerBuilder()
          .onSignal(
              RecoveryCompleted.instance(),
              state -> say(name + " recovered " + state.number() + " rang " + state.rang()))
          .onSignal(PostStop.instance(), state -> say(name + " stopped"))
          .build();
    }
  }

  /** A row for each time an event is applied: twice shows. */
  private static final class Rows implements Projector {
    @Override
    public List<String> schema() {
      return List.of(
          "CREATE TABLE IF NOT EXISTS applied (persistence_id VARCHAR(255) NOT NULL, sequence BIGINT NOT NULL)");
    }

    @Override
    public void project(Connection connection, Entry entry) throws SQLException {
      try (var insert = connection.prepareStatement("INSERT INTO applied VALUES (?, ?)")) {
        insert.setString(1, entry.persistenceId());
        insert.setLong(2, entry.sequence());
        insert.executeUpdate();
      }
    }
  }

  /** @param arguments URL, user, password of the journal; what to do */
  public static void main(String[] arguments) throws Exception {
    var settings = new JournalSettings(arguments[0], arguments[1], arguments[2], 2);
    var projectors = List.<Projector>of(new Rows());
    var database = JournalDatabase.open(settings, projectors);
    say("schema");
    if (arguments[3].equals("schema")) {
      System.exit(0);
    }
    var system = system(settings);
    EventProjection.start(system, database.dataSource(), projectors);
    switch (arguments[3]) {
      case "write" ->
        spawn(system, Counter.create("writer", "one", true), "writer").tell(Command.COUNT);
      case "verify" -> verify(system, database);
      case "conflict" -> conflict(system);
      default -> throw new IllegalArgumentException(arguments[3]);
    }
  }

  private static void verify(ActorSystem<Void> system, JournalDatabase database) {
    var counter = spawn(system, Counter.create("reader", "one", false), "reader");
    spawn(
        system,
        DueTimers.create(
            database.dataSource(),
            system.dispatchers().lookup(DispatcherSelector.blocking()),
            Clock.systemUTC(),
            Duration.ofMillis(200),
            Map.of(COUNTER, (id, timer) -> counter.tell(Command.RING))),
        "timers");
    say("verifying");
  }

  private static void conflict(ActorSystem<Void> system) throws InterruptedException {
    var first = spawn(system, Counter.create("first", "two", false), "first");
    var second = spawn(system, Counter.create("second", "two", false), "second");
    TimeUnit.SECONDS.sleep(3);
    first.tell(Command.COUNT);
    TimeUnit.SECONDS.sleep(2);
    second.tell(Command.COUNT);
  }

  private static <T> ActorRef<T> spawn(
      ActorSystem<Void> system, Behavior<T> behavior, String name) {
    return system.systemActorOf(behavior, name, Props.empty());
  }

  private static ActorSystem<Void> system(JournalSettings settings) {
    var config = ConfigFactory.parseString("""
            pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
            pekko.cluster.roles = [core]
            """)
        .withFallback(settings.pekko())
        .withFallback(ConfigFactory.parseResourcesAnySyntax("llmagentos-pekko.conf"))
        .withFallback(ConfigFactory.defaultReferenceUnresolved())
        .resolve();
    ActorSystem<Void> system = ActorSystem.create(
        Behaviors.empty(),
        "journal",
        ActorSystemSetup.create(BootstrapSetup.create(config), new WireSetup(new WireRegistry())));
    var cluster = Cluster.get(system);
    cluster.manager().tell(new Join(cluster.selfMember().address()));
    return system;
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
