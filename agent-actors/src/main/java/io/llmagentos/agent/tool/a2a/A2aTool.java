package io.llmagentos.agent.tool.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.tool.Tool;
import io.llmagentos.agent.tool.ToolNames;
import io.llmagentos.agent.tool.ToolRefusal;
import io.llmagentos.agent.tool.ToolRequest;
import io.llmagentos.agent.tool.ToolResult;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ToolSpecification;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.StringJoiner;

/**
 * Saying something to an agent of another system: a message becomes a task, which is asked after until it has ended or wants more from whoever asked.
 * One that this platform gives up is cancelled there.
 */
record A2aTool(
    A2aSettings settings, A2aConnection connection, URI endpoint, ToolSpecification specification)
    implements Tool {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
  private static final Set<String> GOES_ON = Set.of("submitted", "working", "unknown");
  private static final Set<String> FAILED = Set.of("failed", "canceled");
  private static final String ARGUMENTS = """
      {"type":"object","required":["message"],"additionalProperties":false,"properties":{
        "message":{"type":"string","minLength":1,"description":"What to say to the agent."},
        "conversation":{"type":"string","description":"The conversation that goes on, as an earlier answer named it; without, a new one begins."},
        "task":{"type":"string","description":"The task that an earlier answer left open with input-required, to go on with it."}}}""";
  private static final String RESULT = """
      {"type":"object","required":["state","answer"],"properties":{
        "conversation":{"type":"string"},"task":{"type":"string"},"state":{"type":"string"},"answer":{"type":"string"}}}""";

  static A2aTool of(A2aSettings settings, A2aConnection connection, URI endpoint, JsonNode card) {
    StringJoiner skills = new StringJoiner("; ", " It can: ", ".").setEmptyValue("");
    card.path("skills")
        .forEach(skill ->
            skills.add(skill.path("description").asText(skill.path("name").asText())));
    return new A2aTool(
        settings,
        connection,
        endpoint,
        new ToolSpecification(
            ToolNames.of(settings.name(), "ask"),
            "Say something to the agent '" + card.path("name").asText() + "'. "
                + card.path("description").asText() + skills,
            ARGUMENTS));
  }

  @Override
  public ToolTraits traits() {
    return new ToolTraits(
        false,
        settings.idempotent(),
        false,
        settings.http().timeout(),
        settings.http().maxConcurrent());
  }

  @Override
  public String outputSchema() {
    return RESULT;
  }

  @Override
  public ToolResult call(ToolRequest request) throws IOException, InterruptedException {
    JsonNode sent = connection.call(
        endpoint,
        "message/send",
        message(request),
        request.key(),
        settings.http().timeout());
    if (!sent.path("kind").asText().equals("task")) {
      return result("", sent.path("contextId").asText(), "completed", text(sent.path("parts")));
    }
    String task = sent.path("id").asText();
    try {
      return result(untilItEnds(sent, task, request.key()));
    } catch (InterruptedException e) {
      cancel(task, request.key());
      throw e;
    }
  }

  /** The call's key is the message's id: an agent that knows its messages takes it once. */
  private static ObjectNode message(ToolRequest request) throws IOException {
    JsonNode arguments = A2aConnection.JSON.readTree(request.arguments());
    ObjectNode params = A2aConnection.JSON.createObjectNode();
    ObjectNode message = params
        .putObject("message")
        .put("kind", "message")
        .put("role", "user")
        .put("messageId", request.key());
    message
        .putArray("parts")
        .addObject()
        .put("kind", "text")
        .put("text", arguments.path("message").asText());
    if (arguments.has("conversation")) {
      message.set("contextId", arguments.path("conversation"));
    }
    if (arguments.has("task")) {
      message.set("taskId", arguments.path("task"));
    }
    params
        .putObject("configuration")
        .put("blocking", false)
        .putArray("acceptedOutputModes")
        .add("text/plain");
    return params;
  }

  private JsonNode untilItEnds(JsonNode sent, String id, String key) throws InterruptedException {
    JsonNode task = sent;
    Duration pause = FIRST_PAUSE;
    while (GOES_ON.contains(state(task))) {
      Thread.sleep(pause);
      pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
          ? pause.multipliedBy(2)
          : LONGEST_PAUSE;
      try {
        task = connection.call(
            endpoint,
            "tasks/get",
            A2aConnection.JSON.createObjectNode().put("id", id),
            key,
            settings.http().timeout());
      } catch (IOException | ToolRefusal e) {
        // The task goes on whoever hears of it: it is asked after until the call's time is up.
      }
    }
    return task;
  }

  /** On a thread of its own, as the caller's is interrupted. */
  private void cancel(String task, String key) {
    Thread.ofVirtual().name("a2a " + settings.name() + " cancel").start(() -> {
      try {
        connection.call(
            endpoint,
            "tasks/cancel",
            A2aConnection.JSON.createObjectNode().put("id", task),
            key,
            settings.http().connectTimeout());
      } catch (IOException | ToolRefusal | InterruptedException e) {
        // Whether it was cancelled is as unknown as what came of the call.
      }
    });
  }

  private ToolResult result(JsonNode task) throws IOException {
    String state = state(task);
    StringJoiner answer = new StringJoiner("\n").setEmptyValue("");
    task.path("artifacts").forEach(artifact -> answer.add(text(artifact.path("parts"))));
    if (answer.length() == 0) {
      answer.add(text(task.path("status").path("message").path("parts")));
    }
    if (state.equals("rejected")) {
      throw new ToolRefusal("A2A agent '" + settings.name() + "' rejected the task: " + answer);
    }
    return result(
        task.path("id").asText(), task.path("contextId").asText(), state, answer.toString());
  }

  private static ToolResult result(String task, String conversation, String state, String answer) {
    ObjectNode structured = A2aConnection.JSON
        .createObjectNode()
        .put("conversation", conversation)
        .put("task", task)
        .put("state", state)
        .put("answer", answer);
    return new ToolResult(
        answer.isEmpty() ? state : answer, structured.toString(), FAILED.contains(state));
  }

  private static String state(JsonNode task) {
    return task.path("status").path("state").asText();
  }

  private static String text(JsonNode parts) {
    StringJoiner text = new StringJoiner("\n").setEmptyValue("");
    for (JsonNode part : parts) {
      text.add(
          switch (part.path("kind").asText()) {
            case "text" -> part.path("text").asText();
            case "data" -> part.path("data").toString();
            default -> "[not shown: a " + part.path("kind").asText() + "]";
          });
    }
    return text.toString();
  }
}
