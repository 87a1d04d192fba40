package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.definition.AgentDefinitions;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionKey;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import io.llmagentos.node.http.ApiError;
import io.llmagentos.node.http.HttpSettings;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.japi.pf.PFBuilder;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * The Agent2Agent protocol, 0.3, over JSON-RPC: {@code POST /a2a/{agent}} with {@code message/send}, {@code message/stream}, {@code tasks/get},
 * {@code tasks/cancel}; {@code GET /a2a/{agent}/.well-known/agent-card.json}, and {@code GET /.well-known/agent-card.json} of the first agent. A
 * context is a session, a task one of its turns; a message that is sent again is the turn that it was.
 */
public final class A2aRoutes extends Api {
  private static final String FIRST = "assistant";
  private static final String CARD = "agent-card.json";

  private final ActorSystem<?> system;
  private final Sessions sessions;
  private final AgentDefinitions agents;
  private final boolean keyed;

  public A2aRoutes(Node node) {
    super(node);
    this.system = node.system();
    this.sessions = node.service(Sessions.class);
    this.agents = node.service(AgentDefinitions.class);
    this.keyed = !HttpSettings.create(node.config().getConfig("llmagentos.http"))
        .apiKeys()
        .isEmpty();
  }

  public Route route() {
    return concat(
        path(PathMatchers.segment(".well-known").slash(CARD), () -> get(() -> card(FIRST))),
        pathPrefix(
            "a2a",
            () -> concat(
                path(
                    PathMatchers.segment().slash(".well-known").slash(CARD),
                    name -> get(() -> card(name))),
                path(
                    PathMatchers.segment(),
                    name -> post(() -> withContext(context -> withJson(
                        body -> completeLater(call(context, agents.get(name), body)))))))));
  }

  /** For everybody who may reach the door: it says how to call. */
  private Route card(String agent) {
    return extractUri(
        uri -> complete(json(200, A2aMessages.card(agents.get(agent), at(uri), keyed))));
  }

  private static String at(Uri uri) {
    return uri.scheme() + "://" + uri.host().address() + ":" + uri.port();
  }

  private CompletionStage<HttpResponse> call(
      Context context, AgentDefinition agent, JsonNode body) {
    JsonNode id = body.path("id");
    String method = body.path("method").asText();
    CompletionStage<HttpResponse> answer;
    try {
      Fields params = Fields.of(body.path("params"), "params");
      answer = switch (method) {
        case "message/send" -> send(context, agent, id, params);
        case "message/stream" -> stream(context, agent, id, params);
        case "tasks/get" ->
          task(context, params).thenApply(task -> json(200, A2aMessages.result(id, task)));
        case A2aMessages.CANCEL ->
          cancel(context, params).thenApply(task -> json(200, A2aMessages.result(id, task)));
        default ->
          CompletableFuture.completedFuture(json(
              200,
              A2aMessages.error(
                  id, A2aMessages.METHOD_NOT_FOUND, "unknown method '" + method + "'")));
      };
    } catch (AgentOsException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    return answer.exceptionally(
        failure -> json(200, A2aMessages.error(id, method, ApiError.known(failure))));
  }

  private CompletionStage<HttpResponse> send(
      Context context, AgentDefinition agent, JsonNode id, Fields params) {
    A2aMessages.Said said = A2aMessages.said(params);
    boolean waits = params
        .object("configuration")
        .map(settings -> !settings.has("blocking") || settings.flag("blocking"))
        .orElse(true);
    return say(context, agent, said)
        .thenCompose(replies -> replies.runWith(waits ? Sink.last() : Sink.head(), system))
        .thenApply(reply -> json(200, A2aMessages.result(id, A2aMessages.task(said, reply))));
  }

  /** A refusal is an answer, not a stream: the first element decides. */
  private CompletionStage<HttpResponse> stream(
      Context context, AgentDefinition agent, JsonNode id, Fields params) {
    A2aMessages.Said said = A2aMessages.said(params);
    return say(context, agent, said)
        .thenCompose(replies -> replies.prefixAndTail(1).runWith(Sink.head(), system))
        .thenApply(split -> {
          Source<Session.Reply, ?> all = Source.from(split.first()).concat(split.second());
          return events(all.mapConcat(reply -> A2aMessages.updates(said, reply))
              .map(update -> event("", "", A2aMessages.result(id, update)))
              .recover(new PFBuilder<Throwable, ByteString>()
                  .matchAny(
                      failure -> event("", "", A2aMessages.error(id, "", ApiError.known(failure))))
                  .build()));
        });
  }

  private CompletionStage<Source<Session.Reply, ?>> say(
      Context context, AgentDefinition agent, A2aMessages.Said said) {
    SessionKey session = key(context, said.context());
    return sessions
        .open(session, context, agent.name(), AgentKey.subject(context.principal(), ""))
        .thenApply(opened -> sessions.say(session, context, said.turn(), said.content()));
  }

  private static SessionKey key(Context context, String session) {
    return new SessionKey(context.tenant(), context.principal(), session);
  }

  private CompletionStage<ObjectNode> task(Context context, Fields params) {
    A2aMessages.TaskId id = A2aMessages.TaskId.parse(params.requiredText("id"));
    return sessions.describe(key(context, id.context())).thenApply(session -> {
      Turn turn = session.turns().stream()
          .filter(each -> each.id().equals(id.turn()))
          .findFirst()
          .orElseThrow(() -> A2aMessages.noTask(id));
      return A2aMessages.task(id, turn);
    });
  }

  private CompletionStage<ObjectNode> cancel(Context context, Fields params) {
    A2aMessages.TaskId id = A2aMessages.TaskId.parse(params.requiredText("id"));
    return task(context, params).thenCompose(task -> {
      if (!A2aMessages.isWorking(task)) {
        throw new AgentOsException(
            ErrorCode.CONFLICT, "task '" + id + "' has ended already", "params.id");
      }
      return sessions
          .stop(key(context, id.context()), context, id.turn())
          .thenApply(finished -> A2aMessages.task(id, finished.turn()));
    });
  }
}
