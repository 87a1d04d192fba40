package io.llmagentos.agent.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.definition.AgentDefinitions;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.serving.Models;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.boot.SoloNode;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * How the shipped assistant turns messages of two requests into calls: pairs of requests of HWU64's dev file, joined in three ways, and how many single requests are
 * split although they are one. {@code DialogueBenchmark FILE [pairs] [seed]}.
 */
final class DialogueBenchmark {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SessionKey SESSION = new SessionKey("local", "local", "s");

  private final Models models;
  private final AgentDefinition assistant;
  private final Map<ChatRequest, ChatReply> known = new HashMap<>();

  /** A labelled request: what it should call. */
  private record Request(String text, Wanted wanted) {}

  /** A function and its arguments, in small letters. */
  private record Wanted(String function, Map<String, String> arguments) {}

  private DialogueBenchmark(Models models, AgentDefinition assistant) {
    this.models = models;
    this.assistant = assistant;
  }

  public static void main(String[] arguments) throws IOException {
    List<Request> requests = read(Path.of(arguments[0]));
    int pairs = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 500;
    long seed = arguments.length > 2 ? Long.parseLong(arguments[2]) : 1;
    try (SoloNode solo = SoloNode.start(ConfigFactory.parseString("pekko.loglevel = WARNING"))) {
      var benchmark = new DialogueBenchmark(
          solo.node().service(Models.class),
          solo.node().service(AgentDefinitions.class).get("assistant"));
      benchmark.single(requests);
      for (String joint : List.of(" and ", ", then ", ". ")) {
        benchmark.pairs(requests, joint, pairs, new Random(seed));
      }
    }
  }

  private static List<Request> read(Path file) throws IOException {
    List<Request> requests = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode node = JSON.readTree(line);
      Map<String, String> slots = new TreeMap<>();
      String text = node.path("text").asText();
      node.path("slots")
          .forEach(slot -> slots.put(
              slot.path("name").asText(),
              text.substring(slot.path("start").asInt(), slot.path("end").asInt())
                  .toLowerCase(Locale.ROOT)));
      requests.add(new Request(text, new Wanted(node.path("intent").asText(), slots)));
    }
    return requests;
  }

  private void single(List<Request> requests) throws IOException {
    int split = 0;
    int right = 0;
    int exact = 0;
    for (Request request : requests) {
      List<Wanted> calls = calls(request.text());
      split += Clauses.of(request.text()).size() > 1 ? 1 : 0;
      right += functions(calls).equals(List.of(request.wanted().function())) ? 1 : 0;
      exact += calls.equals(List.of(request.wanted())) ? 1 : 0;
    }
    System.out.printf(
        "%d single requests: %d split (%.2f %%), right function %.3f, exact call %.3f%n",
        requests.size(),
        split,
        100.0 * split / requests.size(),
        share(right, requests.size()),
        share(exact, requests.size()));
  }

  private void pairs(List<Request> requests, String joint, int pairs, Random random)
      throws IOException {
    int split = 0;
    int right = 0;
    int exact = 0;
    int alone = 0;
    for (int i = 0; i < pairs; i++) {
      Request first = requests.get(random.nextInt(requests.size()));
      Request second = requests.get(random.nextInt(requests.size()));
      String left = first.text().replaceAll("[.?!,]+$", "");
      String message = left + joint + second.text();
      List<Wanted> calls = calls(message);
      List<Wanted> wanted = List.of(first.wanted(), second.wanted());
      List<Wanted> apart = new ArrayList<>(calls(left));
      apart.addAll(calls(second.text()));
      split += Clauses.of(message).equals(List.of(left.strip(), second.text().strip())) ? 1 : 0;
      right += functions(calls).equals(functions(wanted)) ? 1 : 0;
      exact += calls.equals(wanted) ? 1 : 0;
      alone += functions(apart).equals(functions(wanted)) ? 1 : 0;
    }
    System.out.printf(
        "%d pairs \"A%sB\": split there %.3f, both functions right %.3f, both calls exact %.3f; said one by one: both functions right %.3f%n",
        pairs,
        joint,
        share(split, pairs),
        share(right, pairs),
        share(exact, pairs),
        share(alone, pairs));
  }

  private static double share(int of, int all) {
    return (double) of / all;
  }

  private static List<String> functions(List<Wanted> calls) {
    return calls.stream().map(Wanted::function).toList();
  }

  /** The calls that a turn would make. */
  private List<Wanted> calls(String message) throws IOException {
    Instant now = Instant.EPOCH;
    SessionState state = SessionState.EMPTY
        .apply(new SessionEvent.SessionOpened("assistant", "local", now))
        .apply(new SessionEvent.TurnAccepted("t", ContentPart.text(message), now));
    while (NextStep.of(SESSION, state, state.turn("t").orElseThrow(), assistant)
        instanceof NextStep.AskModel ask) {
      state = state.apply(new SessionEvent.ModelReplied("t", reply(ask.request()), now));
    }
    List<Wanted> calls = new ArrayList<>();
    for (ChatReply reply : state.turn("t").orElseThrow().replies()) {
      for (var call : reply.toolCalls()) {
        Map<String, String> slots = new TreeMap<>();
        JSON.readTree(call.arguments())
            .properties()
            .forEach(slot ->
                slots.put(slot.getKey(), slot.getValue().asText().toLowerCase(Locale.ROOT)));
        calls.add(new Wanted(call.name(), slots));
      }
    }
    return calls;
  }

  private ChatReply reply(ChatRequest request) {
    return known.computeIfAbsent(
        request,
        any -> models
            .chat(
                new Context(
                    "local",
                    "local",
                    Instant.now().plus(Duration.ofMinutes(1)),
                    "0".repeat(32),
                    Provenance.PRINCIPAL),
                any,
                TokenListener.SILENT)
            .toCompletableFuture()
            .join());
  }
}
