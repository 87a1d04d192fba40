package io.llmagentos.agent.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.definition.OfferedTools;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.session.Call;
import io.llmagentos.agent.session.GivenCall;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionKey;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.agent.tool.mcp.McpServer;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.Node;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import io.llmagentos.node.http.ApiError;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpSchema;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;
import reactor.core.publisher.Mono;

/**
 * The platform's own tools as tools of MCP, without an agent. A call is the only turn of a session that is named after its key: the session's ledger has it before it
 * starts and after it ended, and what needs a person's approval waits for it.
 */
final class BareTools {
  private static final String CONVERSATION = "conversation";
  private static final String STATUS = "status";
  /** Of UTF-8: a turn with its call and its result travels between nodes in one message. */
  private static final int LARGEST_ARGUMENTS = 512 * 1024;

  private final ActorSystem<?> system;
  private final Sessions sessions;

  BareTools(Node node) {
    this.system = node.system();
    this.sessions = node.service(Sessions.class);
  }

  static McpSchema.Tool describe(ToolSpecification tool, ToolTraits traits) {
    return McpSchema.Tool.builder(
            tool.name(),
            McpJsonDefaults.getMapper(),
            ofAnObject(tool.parameters()).toString())
        .description(
            traits.approval()
                ? tool.description() + " A person approves each call before it is made."
                : tool.description())
        .annotations(McpSchema.ToolAnnotations.builder()
            .readOnlyHint(traits.readOnly())
            .idempotentHint(traits.idempotent())
            .build())
        .build();
  }

  /** Clients take no list that has a schema of anything else. */
  private static ObjectNode ofAnObject(String schema) {
    ObjectNode object =
        parsed(schema) instanceof ObjectNode known ? known : Api.JSON.createObjectNode();
    return object.put("type", "object");
  }

  Mono<McpSchema.CallToolResult> call(McpCaller caller, McpSchema.CallToolRequest call) {
    GivenCall given =
        GivenCall.of(call.name(), call.arguments() == null ? Map.of() : call.arguments());
    int size = given.arguments().getBytes(StandardCharsets.UTF_8).length;
    if (size > LARGEST_ARGUMENTS) {
      return Mono.just(McpCaller.refused(new AgentOsException(
          ErrorCode.BODY_TOO_LARGE,
          "the arguments of a call have " + size + " bytes, at most " + LARGEST_ARGUMENTS
              + " may be")));
    }
    String key = caller.key(call);
    String id = McpCaller.id(key);
    SessionKey session =
        new SessionKey(caller.context().tenant(), caller.context().principal(), "tool-" + id);
    return Mono.fromCompletionStage(() -> sessions
            .open(
                session,
                caller.context(),
                OfferedTools.AGENT,
                AgentKey.subject(caller.context().principal(), ""))
            .thenCompose(opened -> sessions
                .say(session, caller.context(), id, given.content())
                .runWith(Sink.last(), system))
            .thenApply(last -> result(key, session, given, ((Session.Finished) last).turn())))
        .onErrorResume(failure -> Mono.just(McpCaller.refused(ApiError.known(failure))));
  }

  private static McpSchema.CallToolResult result(
      String key, SessionKey session, GivenCall given, Turn turn) {
    if (!turn.content().equals(given.content())) {
      throw new AgentOsException(
          ErrorCode.CONFLICT, "this idempotency key was used for another call; use a new one");
    }
    boolean waits = turn.status() == Turn.Status.WAITING;
    Call.Status status =
        turn.calls().isEmpty() ? Call.Status.FAILED : turn.calls().getFirst().status();
    McpSchema.CallToolResult.Builder result = McpSchema.CallToolResult.builder()
        .addTextContent(
            waits
                ? turn.answer() + " What comes of it: GET /v1/sessions/" + session.session()
                    + ", or the same call again under its key, '" + key + "' in _meta."
                : turn.answer())
        .isError(status != Call.Status.SUCCEEDED && status != Call.Status.AWAITING_APPROVAL)
        .meta(Map.of(
            McpServer.IDEMPOTENCY_KEY,
            key,
            "io.llmagentos/" + CONVERSATION,
            session.session(),
            "io.llmagentos/" + STATUS,
            status.id()));
    if (status == Call.Status.AWAITING_APPROVAL) {
      return result
          .structuredContent(Map.of(STATUS, turn.status().id(), CONVERSATION, session.session()))
          .build();
    }
    return status == Call.Status.SUCCEEDED
            && parsed(turn.calls().getFirst().structured()) instanceof ObjectNode structured
        ? result.structuredContent(Api.JSON.convertValue(structured, Map.class)).build()
        : result.build();
  }

  private static JsonNode parsed(String json) {
    try {
      return Api.JSON.readTree(json);
    } catch (JsonProcessingException e) {
      return Api.JSON.missingNode();
    }
  }
}
