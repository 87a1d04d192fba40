package io.llmagentos.bench;

import io.llmagentos.agent.AgentOs;
import io.llmagentos.node.Node;
import io.llmagentos.node.boot.SoloNode;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Turns a second through the durable session with a model that costs nothing, against the journal's own rate in the same run. */
@Command(
    name = "turns",
    mixinStandardHelpOptions = true,
    description = "Durable turns a second, against the raw journal rate.")
final class TurnsBench implements Callable<Integer> {
  /** Stands for switching the light, on and off in turn: each is an effect. */
  private static final String ACT = "act";

  @Option(names = "--journal-url", description = "JDBC URL; empty: H2 embedded.")
  private String url = "";

  @Option(
      names = "--journal-user",
      description = "Its user; the password is read from AGENTOS_JOURNAL_PASSWORD.")
  private String user = "";

  @Option(
      names = "--doors",
      split = ",",
      description = "Doors of a cluster that is up, over HTTP, instead of a node in this process.")
  private List<String> doors = List.of();

  @Option(
      names = "--say",
      description = "What is said there; its model decides (default: ${DEFAULT-VALUE}).")
  private String words = "hello";

  @Option(names = "--sessions", description = "Sessions at a time (default: ${DEFAULT-VALUE}).")
  private int sessions = 64;

  @Option(names = "--seconds", description = "Of each measurement (default: ${DEFAULT-VALUE}).")
  private int seconds = 10;

  @Option(
      names = "--rounds",
      description = "Interleaved rounds, whose median counts (default: ${DEFAULT-VALUE}).")
  private int rounds = 3;

  @Override
  public Integer call() throws IOException, InterruptedException, SQLException {
    if (!doors.isEmpty()) {
      overHttp();
      return 0;
    }
    Map<String, String> journal = new HashMap<>();
    if (!url.isEmpty()) {
      journal.put("url", url);
      journal.put("user", user);
      journal.put("password", System.getenv().getOrDefault("AGENTOS_JOURNAL_PASSWORD", ""));
    }
    try (SoloNode bench = BenchNode.start(journal)) {
      Node node = bench.node();
      List<ActorRef<ActorRef<Done>>> writers = new ArrayList<>();
      for (int i = 0; i < sessions; i++) {
        writers.add(node.spawn(RawWriter.create("raw-" + System.nanoTime() + "-" + i), "raw-" + i));
      }
      System.out.println("journal " + (url.isEmpty() ? "H2 embedded" : url) + ", " + sessions
          + " at a time, " + seconds + " s a measurement");
      measure("warm-up: raw", () -> raw(node, writers));
      turns(node, "hello");
      List<Double> rawRates = new ArrayList<>();
      List<Double> talkRates = new ArrayList<>();
      List<Double> actRates = new ArrayList<>();
      for (int round = 1; round <= rounds; round++) {
        rawRates.add(measure("round " + round + ": raw journal", () -> raw(node, writers))
            .perSecond());
        talkRates.add(counted(node, "round " + round + ": turns that talk", "hello"));
        actRates.add(counted(node, "round " + round + ": turns that act", ACT));
      }
      System.out.printf(
          "medians: raw %.0f events/s; talking %.0f turns/s; acting %.0f turns/s%n",
          median(rawRates), median(talkRates), median(actRates));
      return 0;
    }
  }

  private void overHttp() {
    DoorTurns turns = new DoorTurns(doors, "assistant", sessions);
    System.out.println(doors + ", " + sessions + " at a time, " + seconds + " s a measurement");
    Callable<Load.Result> load =
        () -> Load.run(sessions, Duration.ofSeconds(seconds), session -> turns.say(session, words));
    measure("warm-up", load);
    List<Double> rates = new ArrayList<>();
    for (int round = 1; round <= rounds; round++) {
      rates.add(measure("round " + round, load).perSecond());
    }
    System.out.printf("median: %.0f turns/s%n", median(rates));
  }

  private double counted(Node node, String what, String text)
      throws InterruptedException, SQLException {
    long before = events(node);
    Load.Result result = measure(what, () -> turns(node, text));
    System.out.printf(
        "  events a turn: %.2f%n", (double) (events(node) - before) / result.answers());
    return result.perSecond();
  }

  private Load.Result raw(Node node, List<ActorRef<ActorRef<Done>>> writers)
      throws InterruptedException {
    return Load.run(
        sessions,
        Duration.ofSeconds(seconds),
        worker -> AskPattern.<ActorRef<Done>, Done>ask(
            writers.get(worker),
            replyTo -> replyTo,
            Duration.ofSeconds(30),
            node.system().scheduler()));
  }

  private Load.Result turns(Node node, String text) throws InterruptedException {
    long run = System.nanoTime();
    AtomicIntegerArray said = new AtomicIntegerArray(sessions);
    List<AgentOs.Dialogue> dialogues = new ArrayList<>();
    for (int i = 0; i < sessions; i++) {
      dialogues.add(AgentOs.on(node).session("assistant", "bench-" + i, "s" + run + "-" + i));
    }
    return Load.run(
        sessions,
        Duration.ofSeconds(seconds),
        worker -> dialogues
            .get(worker)
            .say(
                text.equals(ACT)
                    ? said.getAndIncrement(worker) % 2 == 0
                        ? "turn on the kitchen light"
                        : "turn off the kitchen light"
                    : text));
  }

  private static Load.Result measure(String what, Callable<Load.Result> load) {
    try {
      Load.Result result = load.call();
      System.out.printf(
          "%s: %.0f/s, p50 %.1f ms, p99 %.1f ms%n",
          what, result.perSecond(), result.percentile(0.5), result.percentile(0.99));
      return result;
    } catch (Exception e) {
      throw new IllegalStateException(what, e);
    }
  }

  private static long events(Node node) throws SQLException {
    try (Connection connection = node.database().dataSource().getConnection();
        Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery("SELECT count(*) FROM \"event_journal\"")) {
      count.next();
      long events = count.getLong(1);
      connection.rollback();
      return events;
    }
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
