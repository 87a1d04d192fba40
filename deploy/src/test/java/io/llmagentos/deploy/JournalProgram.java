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
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
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
 * A process that keeps a journal and says on standard output what it did, to be killed at any moment. {@code schema} opens the database and ends;
 * {@code write} counts as fast as it can; {@code serve} does what the lines on standard input say: {@code count <counter> <times>}, or
 * {@code sql <number> <query of one number>}, which is answered by {@code answer <number> <result>}.
 */
final class JournalProgram {
  /** One in so many counts sets a timer. */
  static final int TIMER_EVERY = 25;

  private static final String COUNTER = "counter";

  private JournalProgram() {}

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Counted.class, name = "counted"),
    @JsonSubTypes.Type(value = Rang.class, name = "rang")
  })
  sealed interface Event extends JournalEvent {}

  /** Its timer is due at once, so that it is late for whoever comes next. */
  record Counted(int number, Instant at) implements Event {
    @Override
    public List<TimerChange> timerChanges() {
      return number % TIMER_EVERY == 0
          ? List.of(new TimerChange.Set("ring-" + number, at))
          : List.of();
    }
  }

  record Rang(String timer) implements Event {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared(timer));
    }
  }

  record State(int number, Set<String> rung) {
    State after(Event event) {
      return event instanceof Rang rang
          ? new State(
              number,
              Stream.concat(rung.stream(), Stream.of(rang.timer()))
                  .collect(Collectors.toUnmodifiableSet()))
          : new State(number + 1, rung);
    }
  }

  sealed interface Command {}

  record Count(int times) implements Command {}

  record Ring(String timer) implements Command {}

  private static final class Counter extends EventSourcedBehavior<Command, Event, State> {
    private final ActorRef<Command> self;
    private final String name;

    Counter(ActorRef<Command> self, String name, String id) {
      super(PersistenceId.of(COUNTER, id));
      this.self = self;
      this.name = name;
    }

    static Behavior<Command> create(String name, String id) {
      return Behaviors.setup(context -> new Counter(context.getSelf(), name, id));
    }

    @Override
    public State emptyState() {
      return new State(0, Set.of());
    }

    @Override
    public CommandHandler<Command, Event, State> commandHandler() {
      return newCommandHandlerBuilder()
          .forAnyState()
          .onCommand(
              Count.class,
              (state, count) -> Effect()
                  .persist(new Counted(state.number() + 1, Instant.now()))
                  .thenRun(after -> {
                    say(name + " counted " + after.number());
                    if (count.times() > 1) {
                      self.tell(new Count(count.times() - 1));
                    }
                  }))
          .onCommand(
              Ring.class,
              (state, ring) -> state.rung().contains(ring.timer())
                  ? Effect().none()
                  : Effect().persist(new Rang(ring.timer())))
          .build();
    }

    @Override
    public EventHandler<State, Event> eventHandler() {
      return State::after;
    }

    @Override
    public Set<String> tagsFor(Event event) {
      return EventProjection.tags(persistenceId().id());
    }

    @Override
    public SignalHandler<State> signalHandler() {
      return newSignalHandlerBuilder()
          .onSignal(
              RecoveryCompleted.instance(), state -> say(name + " recovered " + state.number()))
          .onSignal(PostStop.instance(), state -> say(name + " stopped"))
          .build();
    }
  }

  /** A row for each time an event is applied: twice shows. */
  private static final class Rows implements Projector {
    @Override
    public List<String> schema() {
      return List.of("""
          CREATE TABLE IF NOT EXISTS applied (
            persistence_id VARCHAR(255) NOT NULL, sequence_number BIGINT NOT NULL, what VARCHAR(255) NOT NULL)""");
    }

    @Override
    public void project(Connection connection, Entry entry) throws SQLException {
      try (var insert = connection.prepareStatement("INSERT INTO applied VALUES (?, ?, ?)")) {
        insert.setString(1, entry.persistenceId());
        insert.setLong(2, entry.sequence());
        insert.setString(
            3,
            switch ((Event) entry.event()) {
              case Counted counted -> "counted " + counted.number();
              case Rang rang -> "rang " + rang.timer();
            });
        insert.executeUpdate();
      }
    }
  }

  /** @param arguments URL, user, password of the journal; what to do */
  public static void main(String[] arguments) throws IOException, SQLException {
    var settings = new JournalSettings(arguments[0], arguments[1], arguments[2], 2);
    var database = JournalDatabase.open(settings, List.of(new Rows())).dataSource();
    switch (arguments[3]) {
      case "schema" -> System.exit(0);
      case "write" ->
        spawn(node(settings, database), Counter.create("writer", "one"), "writer")
            .tell(new Count(Integer.MAX_VALUE));
      case "serve" -> serve(settings, database);
      default -> throw new IllegalArgumentException(arguments[3]);
    }
  }

  /** Besides the one with the counters there is a node that does not know of it, as after a partition: both run the projection. */
  private static void serve(JournalSettings settings, DataSource database)
      throws IOException, SQLException {
    node(settings, JournalDatabase.open(settings, List.of(new Rows())).dataSource());
    var node = node(settings, database);
    var counters = Map.of(
        "reader", spawn(node, Counter.create("reader", "one"), "reader"),
        "first", spawn(node, Counter.create("first", "two"), "first"),
        "second", spawn(node, Counter.create("second", "two"), "second"));
    spawn(
        node,
        DueTimers.create(
            database,
            node.dispatchers().lookup(DispatcherSelector.blocking()),
            Clock.systemUTC(),
            Duration.ofMillis(100),
            Map.of(COUNTER, (id, timer) -> counter(counters, "reader").tell(new Ring(timer)))),
        "timers");
    var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (var line = commands.readLine(); line != null; line = commands.readLine()) {
      var words = line.split(" ", 3);
      switch (words[0]) {
        case "count" -> counter(counters, words[1]).tell(new Count(Integer.parseInt(words[2])));
        case "sql" -> say("answer " + words[1] + " " + query(database, words[2]));
        default -> throw new IllegalArgumentException(line);
      }
    }
  }

  private static ActorRef<Command> counter(Map<String, ActorRef<Command>> counters, String name) {
    var counter = counters.get(name);
    if (counter == null) {
      throw new IllegalArgumentException("no counter " + name + " among " + counters.keySet());
    }
    return counter;
  }

  private static long query(DataSource database, String sql) throws SQLException {
    try (var connection = database.getConnection();
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static <T> ActorRef<T> spawn(
      ActorSystem<Void> system, Behavior<T> behavior, String name) {
    return system.systemActorOf(behavior, name, Props.empty());
  }

  /** A cluster of one, with the projection. */
  private static ActorSystem<Void> node(JournalSettings settings, DataSource database) {
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
    EventProjection.start(system, database, List.of(new Rows()));
    return system;
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
