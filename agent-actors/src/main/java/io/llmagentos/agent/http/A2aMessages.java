package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import java.util.ArrayList;
import java.util.List;

/** What the Agent2Agent protocol, 0.3, says, in JSON. */
final class A2aMessages {
  static final String CANCEL = "tasks/cancel";
  static final int METHOD_NOT_FOUND = -32601;
  private static final int INVALID_PARAMS = -32602;
  private static final int INTERNAL = -32603;
  private static final int TASK_NOT_FOUND = -32001;
  private static final int TASK_NOT_CANCELABLE = -32002;
  private static final int ID_LENGTH = 40;
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private A2aMessages() {}

  /** A task is a turn of a context, which is a session. */
  record TaskId(String context, String turn) {
    static TaskId parse(String text) {
      int colon = text.lastIndexOf(':');
      TaskId id = new TaskId(text.substring(0, Math.max(colon, 0)), text.substring(colon + 1));
      if (!id.context().matches("[A-Za-z0-9_-]{1,64}")) {
        throw noTask(id);
      }
      return id;
    }

    @Override
    public String toString() {
      return context + ":" + turn;
    }
  }

  /** A message, and the turn that it is. */
  record Said(String context, String turn, List<ContentPart> content) {
    TaskId task() {
      return new TaskId(context, turn);
    }
  }

  static AgentOsException noTask(TaskId id) {
    return new AgentOsException(ErrorCode.NOT_FOUND, "there is no task '" + id + "'", "params.id");
  }

  /** The message of {@code message/send} and {@code message/stream}. */
  static Said said(Fields params) {
    Fields message = params.requiredObject("message");
    List<ContentPart> content = new ArrayList<>();
    for (Fields part : message.objects("parts")) {
      if (!part.requiredText("kind").equals("text")) {
        throw part.invalid("kind", "must be \"text\": only text is understood here");
      }
      content.add(new ContentPart.Text(part.requiredText("text")));
    }
    if (ContentPart.textOf(content).isBlank()) {
      throw message.invalid("parts", "must have a text that is not blank");
    }
    // Together with its text, for the sake of clients that number their messages anew.
    String turn = Api.sha256(message.requiredText("messageId") + "\n" + ContentPart.textOf(content))
        .substring(0, ID_LENGTH);
    String context = message
        .text("taskId")
        .map(task -> TaskId.parse(task).context())
        .or(() -> message.text("contextId"))
        .orElse("a2a-" + turn);
    if (!context.matches("[A-Za-z0-9_-]{1,64}")) {
      throw message.invalid("contextId", "must be 1 to 64 of A-Z a-z 0-9 _ -");
    }
    return new Said(context, turn, content);
  }

  static ObjectNode result(JsonNode id, ObjectNode result) {
    return response(id).set("result", result);
  }

  static ObjectNode error(JsonNode id, String method, AgentOsException failure) {
    int code = switch (failure.code()) {
      case NOT_FOUND -> TASK_NOT_FOUND;
      case CONFLICT -> method.equals(CANCEL) ? TASK_NOT_CANCELABLE : INVALID_PARAMS;
      case INVALID_REQUEST -> INVALID_PARAMS;
      default -> INTERNAL;
    };
    ObjectNode error = error(id, code, String.valueOf(failure.getMessage()));
    error.withObject("error").putObject("data").put("code", failure.code().id());
    return error;
  }

  static ObjectNode error(JsonNode id, int code, String message) {
    ObjectNode response = response(id);
    response.putObject("error").put("code", code).put("message", message);
    return response;
  }

  private static ObjectNode response(JsonNode id) {
    ObjectNode response = JSON.objectNode().put("jsonrpc", "2.0");
    return response.set("id", id.isMissingNode() ? JSON.nullNode() : id);
  }

  static ObjectNode task(Said said, Session.Reply reply) {
    return reply instanceof Session.Finished finished
        ? task(said.task(), finished.turn())
        : task(said.task(), "working");
  }

  static ObjectNode task(TaskId id, Turn turn) {
    ObjectNode task = task(id, state(turn));
    task.set("status", status(id, turn));
    if (turn.status() != Turn.Status.WAITING && !turn.answer().isEmpty()) {
      task.putArray("artifacts").add(artifact(turn.answer()));
    }
    return task;
  }

  /** What a turn waits for, if it waits for a person, is no answer yet. */
  private static ObjectNode status(TaskId id, Turn turn) {
    ObjectNode status = JSON.objectNode().put("state", state(turn));
    if (turn.status() == Turn.Status.WAITING) {
      ObjectNode message = status.putObject("message");
      message
          .put("kind", "message")
          .put("role", "agent")
          .put("messageId", id + ":status")
          .put("taskId", id.toString())
          .put("contextId", id.context());
      message.putArray("parts").addObject().put("kind", "text").put("text", turn.answer());
    }
    return status;
  }

  private static ObjectNode task(TaskId id, String state) {
    ObjectNode task = JSON.objectNode();
    task.put("kind", "task").put("id", id.toString()).put("contextId", id.context());
    task.putObject("status").put("state", state);
    return task;
  }

  static boolean isWorking(ObjectNode task) {
    return task.path("status").path("state").asText().equals("working");
  }

  private static String state(Turn turn) {
    return switch (turn.status()) {
      case COMPLETED -> "completed";
      case FAILED, BUDGET_EXCEEDED -> "failed";
      case STOPPED -> "canceled";
      case RUNNING, WAITING -> "working";
    };
  }

  private static ObjectNode artifact(String text) {
    ObjectNode artifact = JSON.objectNode().put("artifactId", "answer");
    artifact.putArray("parts").addObject().put("kind", "text").put("text", text);
    return artifact;
  }

  /** What a stream says when the session says something. The whole answer in the end replaces its pieces. */
  static List<ObjectNode> updates(Said said, Session.Reply reply) {
    return switch (reply) {
      case Session.Accepted accepted -> List.of(task(said.task(), "working"));
      case Session.Delta delta -> List.of(artifactUpdate(said, delta.text(), true));
      case Session.Finished finished -> {
        Turn turn = finished.turn();
        ObjectNode end = update(said, "status-update").put("final", true);
        end.set("status", status(said.task(), turn));
        yield turn.status() == Turn.Status.WAITING
            ? List.of(end)
            : List.of(artifactUpdate(said, turn.answer(), false), end);
      }
      default -> List.of();
    };
  }

  private static ObjectNode artifactUpdate(Said said, String text, boolean append) {
    ObjectNode update = update(said, "artifact-update");
    update.set("artifact", artifact(text));
    return update.put("append", append).put("lastChunk", !append);
  }

  private static ObjectNode update(Said said, String kind) {
    return JSON.objectNode()
        .put("kind", kind)
        .put("taskId", said.task().toString())
        .put("contextId", said.context());
  }

  /** @param door as the client addressed it */
  static ObjectNode card(AgentDefinition agent, String door, boolean keyed) {
    ObjectNode card = JSON.objectNode();
    card.put("protocolVersion", "0.3.0")
        .put("name", agent.name())
        .put("description", agent.description())
        .put("version", "0.1.0")
        .put("url", door + "/a2a/" + agent.name())
        .put("preferredTransport", "JSONRPC");
    card.putObject("capabilities").put("streaming", true).put("pushNotifications", false);
    card.putArray("defaultInputModes").add("text/plain");
    card.putArray("defaultOutputModes").add("text/plain");
    for (ToolSpecification tool : agent.tools()) {
      card.withArray("skills")
          .addObject()
          .put("id", tool.name())
          .put("name", tool.name())
          .put("description", tool.description())
          .putArray("tags");
    }
    if (keyed) {
      card.putObject("securitySchemes")
          .putObject("key")
          .put("type", "http")
          .put("scheme", "bearer");
      card.putArray("security").addObject().putArray("key");
    }
    return card;
  }
}
