package io.llmagentos.agent.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.node.cli.Doors;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code agentos inbox}: what waits for a person; with an action, one item of it is decided. */
@Command(
    name = "inbox",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description =
        "List what waits for a person; approve or deny a call, or settle one whose outcome is unknown.")
final class InboxCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What can be done with an item. */
  enum Action {
    LIST,
    SHOW,
    APPROVE,
    DENY,
    SETTLE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "ACTION",
      description = "${COMPLETION-CANDIDATES}",
      defaultValue = "list")
  private Action action = Action.LIST;

  @Parameters(index = "1", arity = "0..1", paramLabel = "ID", description = "Which item.")
  private String id = "";

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "OUTCOME",
      description = "To settle: happened, did_not_happen or retry.")
  private String outcome = "";

  @Option(
      names = "--arguments",
      paramLabel = "JSON",
      description = "Approve the call with these arguments instead.")
  private String arguments = "";

  @Option(names = "--text", description = "Why it is denied, or the receipt of what happened.")
  private String text = "";

  @Option(names = "--port", description = "Base port of the cluster.")
  private int port = 8080;

  @Override
  public Integer call() {
    Doors doors = Doors.near(port, Duration.ofSeconds(5));
    if (action == Action.LIST) {
      list(doors.get("/v1/inbox"));
      return 0;
    }
    if (!id.matches("[0-9a-f]+-[0-9]+")) {
      throw invalid("agentos inbox " + action + " needs the ID of an item such as 1a2b-0, has '"
          + id + "'; agentos inbox lists them");
    }
    JsonNode item = doors.get("/v1/inbox/" + id);
    System.out.println(
        action == Action.SHOW
            ? item.toPrettyString()
            : doors.post("/v1/inbox/" + id + "/decision", decision(item)).toPrettyString());
    return 0;
  }

  private Map<String, Object> decision(JsonNode item) {
    Map<String, Object> decision = new HashMap<>();
    if (action == Action.SETTLE && outcome.isEmpty()) {
      throw invalid("agentos inbox settle ID needs an outcome: happened, did_not_happen or retry");
    }
    decision.put("decision", action == Action.SETTLE ? outcome : action.toString());
    decision.put("hash", item.path("hash").asText());
    decision.put("text", text);
    if (!arguments.isEmpty()) {
      try {
        decision.put("arguments", JSON.readTree(arguments));
      } catch (JsonProcessingException e) {
        throw invalid("--arguments must be a JSON object, is '" + arguments + "'");
      }
    }
    return decision;
  }

  private static AgentOsException invalid(String message) {
    return new AgentOsException(ErrorCode.INVALID_REQUEST, message);
  }

  private static void list(JsonNode inbox) {
    if (inbox.path("data").isEmpty()) {
      System.out.println("Nothing waits for a person.");
    }
    for (JsonNode item : inbox.path("data")) {
      System.out.printf(
          "%s  %s  %s %s%n",
          item.path("id").asText(),
          item.path("kind").asText(),
          item.path("tool").asText(),
          item.path("arguments").asText());
      System.out.printf(
          "    for %s, session %s, since %s%s%s%n",
          item.path("principal").asText(),
          item.path("session").asText(),
          item.path("since").asText(),
          item.has("expires") ? ", until " + item.path("expires").asText() : "",
          item.has("reason") ? ": " + item.path("reason").asText() : "");
    }
  }
}
