package io.llmagentos.agent;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.node.Node;
import io.llmagentos.node.boot.SoloNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What turns cost: turns a second and events a turn, with a scripted model that costs nothing and the journal in H2, for a turn that talks, one within budgets, one on accounts, one
 * that calls a tool through the ledger, and plans of one step and of three. {@code TurnCostBenchmark [seconds] [rounds] [sessions]}; the rounds are interleaved, medians count.
 */
final class TurnCostBenchmark {
  private static final String SETTINGS = """
      pekko.loglevel = WARNING
      llmagentos.agent { model = scripted, zone = UTC, definitions = ${agents} }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "look up", round = 2, results = "(?<result>.+)", text = "So: ${result}." }
          { when = "look up (?<order>\\\\w+)$", call = look_up }
          { when = "by a plan of one", calls = [{ name = plan, arguments = ${one} }] }
          { when = "by a plan of three", calls = [{ name = plan, arguments = ${three} }] }
          { when = "^hello", text = "Hello there." }
        ]
      }
      one = \"""{"steps":[{"id":"a","tool":"look_up","arguments":{"order":"A"}}]}\"""
      three = \"""{"steps":[{"id":"a","tool":"look_up","arguments":{"order":"A"}},{"id":"b","tool":"look_up","arguments":{"order":"B"}},
        {"id":"c","tool":"look_up","arguments":{"order":"C"},"after":["a","b"]}]}\"""
      """;
  private static final String ACCOUNTS =
      "llmagentos.agent.budget { principal.steps = 1000000000, tenant.steps = 1000000000 }\n";
  private static final String AGENT = """
      name: %s
      description: An agent of a benchmark.
      model: scripted
      tools: [look_up]
      rounds: 3
      plans: %s
      outOfScope: "That is not for me."
      unconnected: "No tool for {what} is connected."
      """;
  private static final String BUDGET =
      "budget: {turn: {steps: 100, tokens: 100000, tool_calls: 100, wall_time: 10m},"
          + " session: {steps: 100000000, tokens: 100000000}}\n";

  private TurnCostBenchmark() {}

  /**
   * What is said, to which agent of which node.
   *
   * @param begins how the answer does
   */
  private record Kind(Node node, String agent, String text, String begins) {}

  public static void main(String[] arguments) throws Exception {
    int seconds = AgenticBenchmark.number(arguments, 0, 5);
    int rounds = AgenticBenchmark.number(arguments, 1, 3);
    int sessions = AgenticBenchmark.number(arguments, 2, 16);
    Path agents = Files.createTempDirectory("agents");
    Files.writeString(agents.resolve("plain.yaml"), AGENT.formatted("plain", false));
    Files.writeString(agents.resolve("planner.yaml"), AGENT.formatted("planner", true));
    Files.writeString(agents.resolve("frugal.yaml"), AGENT.formatted("frugal", false) + BUDGET);
    String settings = SETTINGS + "agents = \"" + agents + "\"\n";
    try (SoloNode free = start(settings);
        SoloNode limited = start(settings + ACCOUNTS)) {
      Map<String, Kind> kinds = new LinkedHashMap<>();
      kinds.put("talks", new Kind(free.node(), "plain", "hello", "Hello there"));
      kinds.put("talks, within budgets", new Kind(free.node(), "frugal", "hello", "Hello there"));
      kinds.put("talks, on accounts", new Kind(limited.node(), "plain", "hello", "Hello there"));
      kinds.put("a call", new Kind(free.node(), "plain", "look up A", "So: look_up of A"));
      kinds.put(
          "a plan of one step",
          new Kind(
              free.node(), "planner", "look up by a plan of one", "So: a (look_up): look_up of A"));
      kinds.put(
          "of three",
          new Kind(
              free.node(),
              "planner",
              "look up by a plan of three",
              "So: a (look_up): look_up of A"));
      Map<String, List<Double>> rates = new LinkedHashMap<>();
      Map<String, Double> events = new LinkedHashMap<>();
      for (int round = 0; round <= rounds; round++) { // the first warms up
        for (var kind : kinds.entrySet()) {
          long before = events(kind.getValue().node());
          AgenticBenchmark.Load load = AgenticBenchmark.measure(
              kind.getKey(),
              dialogues(kind.getValue(), round, sessions),
              kind.getValue().text(),
              kind.getValue().begins(),
              seconds,
              sessions);
          events.put(
              kind.getKey(), (double) (events(kind.getValue().node()) - before) / load.turns());
          if (round > 0) {
            rates.computeIfAbsent(kind.getKey(), any -> new ArrayList<>()).add(load.perSecond());
          }
        }
      }
      rates.forEach((kind, all) -> System.out.printf(
          "median of %d: %s: %.0f turns/s, %.2f events a turn%n",
          rounds, kind, all.stream().sorted().toList().get(all.size() / 2), events.get(kind)));
    }
  }

  private static SoloNode start(String settings) throws Exception {
    return SoloNode.start(ConfigFactory.parseString(settings).resolve());
  }

  /** A session of each worker's own. */
  private static AgenticBenchmark.Talk dialogues(Kind kind, int round, int workers) {
    List<AgentOs.Dialogue> dialogues = new ArrayList<>();
    for (int each = 0; each < workers; each++) {
      dialogues.add(AgentOs.on(kind.node())
          .session(kind.agent(), "customer-" + each, kind.hashCode() + "-" + round + "-" + each));
    }
    return (worker, text) -> dialogues
        .get(worker)
        .say(text)
        .toCompletableFuture()
        .get(1, TimeUnit.MINUTES)
        .answer();
  }

  private static long events(Node node) throws Exception {
    try (Connection connection = node.database().dataSource().getConnection();
        Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery("SELECT count(*) FROM \"event_journal\"")) {
      count.next();
      long events = count.getLong(1);
      connection.rollback();
      return events;
    }
  }
}
