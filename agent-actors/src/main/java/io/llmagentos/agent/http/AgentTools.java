package io.llmagentos.agent.http;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionKey;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.http.ApiError;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;
import reactor.core.publisher.Mono;

/**
 * Agents as tools of MCP: {@code ask_NAME} says one turn in a conversation, which is a session. A call that carries an idempotency key in its {@code _meta}
 * is one turn, however often it is made.
 */
final class AgentTools {
  private static final String ARGUMENTS = """
      {"type":"object","required":["message"],"additionalProperties":false,"properties":{
        "message":{"type":"string","minLength":1,"description":"What to say to the agent."},
        "conversation":{"type":"string","pattern":"^[A-Za-z0-9_-]{1,64}$",
          "description":"The conversation that goes on, as an earlier answer named it; without, a new one begins."}}}""";
  private static final String RESULT = """
      {"type":"object","required":["conversation","status","answer"],"properties":{
        "conversation":{"type":"string"},"status":{"type":"string"},"answer":{"type":"string"}}}""";

  private final ActorSystem<?> system;
  private final Sessions sessions;

  AgentTools(Node node) {
    this.system = node.system();
    this.sessions = node.service(Sessions.class);
  }

  static McpSchema.Tool describe(AgentDefinition agent) {
    return McpSchema.Tool.builder(
            AgentDefinition.asking(agent.name()), McpJsonDefaults.getMapper(), ARGUMENTS)
        .description("Say something to the agent '" + agent.name() + "'. " + agent.description())
        .outputSchema(McpJsonDefaults.getMapper(), RESULT)
        .build();
  }

  Mono<McpSchema.CallToolResult> call(
      AgentDefinition agent, McpCaller caller, McpSchema.CallToolRequest call) {
    Context context = caller.context();
    String turn = McpCaller.id(caller.key(call));
    String conversation =
        call.arguments().get("conversation") instanceof String going ? going : "mcp-" + turn;
    SessionKey session = new SessionKey(context.tenant(), context.principal(), conversation);
    return Mono.fromCompletionStage(() -> sessions
            .open(session, context, agent.name(), AgentKey.subject(context.principal(), ""))
            .thenCompose(opened -> sessions
                .say(
                    session,
                    context,
                    turn,
                    ContentPart.text(String.valueOf(call.arguments().get("message"))))
                .runWith(Sink.last(), system))
            .thenApply(last -> result(conversation, ((Session.Finished) last).turn())))
        .onErrorResume(failure -> Mono.just(McpCaller.refused(ApiError.known(failure))));
  }

  private static McpSchema.CallToolResult result(String conversation, Turn turn) {
    return McpSchema.CallToolResult.builder()
        .addTextContent(turn.answer())
        .structuredContent(Map.of(
            "conversation", conversation, "status", turn.status().id(), "answer", turn.answer()))
        .isError(
            turn.status() == Turn.Status.FAILED || turn.status() == Turn.Status.BUDGET_EXCEEDED)
        .build();
  }
}
