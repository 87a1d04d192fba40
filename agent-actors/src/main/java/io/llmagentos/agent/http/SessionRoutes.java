package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.definition.AgentDefinitions;
import io.llmagentos.agent.serving.Agent;
import io.llmagentos.agent.serving.AgentKey;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionFollower;
import io.llmagentos.agent.session.SessionIndex;
import io.llmagentos.agent.session.SessionKey;
import io.llmagentos.agent.session.SessionPosition;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import io.llmagentos.node.http.ApiError;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.japi.pf.PFBuilder;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Durable dialogues: {@code POST} and {@code GET /v1/sessions}, {@code GET /v1/sessions/{id}}, {@code POST .../messages} (JSON or server-sent events, idempotent by turn
 * id), {@code POST .../stop} (query parameter {@code turn}), {@code GET .../events} (after {@code Last-Event-ID}; 0 is the start, without it from now on),
 * {@code POST .../turns/{turn}/feedback}. For operators, who name whose session they mean by {@code principal}: {@code POST .../takeover}, {@code .../release},
 * {@code .../turns/{turn}/answer}.
 */
public final class SessionRoutes extends Api {
  private static final int MOST_LISTED = 200;
  private static final int LONGEST_FEEDBACK = 4_000;

  private final Node node;
  private final ActorSystem<?> system;
  private final Sessions sessions;
  private final AgentDefinitions agents;
  private final Operators operators;
  /** Ends the streams that have no end: whoever follows goes on through another door. */
  private final SharedKillSwitch untilStopping = KillSwitches.shared("until-stopping");

  public SessionRoutes(Node node) {
    super(node);
    this.node = node;
    this.system = node.system();
    this.sessions = node.service(Sessions.class);
    this.agents = node.service(AgentDefinitions.class);
    this.operators = new Operators(node);
    node.whenStopping(untilStopping::shutdown);
  }

  public Route route() {
    return pathPrefix(
        "v1",
        () -> pathPrefix(
            "sessions",
            () -> concat(
                pathEnd(() -> concat(
                    post(() -> withContext(context -> withJson(body -> open(context, body)))),
                    get(() -> withContext(this::list)))),
                pathPrefix(
                    PathMatchers.segment(),
                    id -> withContext(context -> parameterOptional(
                        "principal",
                        principal -> session(
                            context,
                            new SessionKey(
                                context.tenant(),
                                principal
                                    .map(named -> operators.require(context, named))
                                    .orElse(context.principal()),
                                requireId(id)))))))));
  }

  private Route session(Context context, SessionKey key) {
    return concat(
        pathEnd(() -> get(() -> completeLater(
            sessions.describe(key).thenApply(session -> json(200, session(key, session)))))),
        path("messages", () -> post(() -> withJson(body -> say(context, key, body)))),
        path(
            "stop",
            () ->
                post(() -> parameterOptional("turn", turn -> stop(context, key, turn.orElse(""))))),
        path("events", () -> get(() -> follow(key))),
        path(
            "takeover",
            () -> post(() -> {
              operators.require(context, key.principal());
              return completeLater(sessions
                  .takeOver(key, context)
                  .thenApply(session -> json(200, session(key, session))));
            })),
        path(
            "release",
            () -> post(() -> {
              operators.require(context, key.principal());
              return completeLater(sessions
                  .release(key, context)
                  .thenApply(session -> json(200, session(key, session))));
            })),
        pathPrefix(
            "turns",
            () -> pathPrefix(
                PathMatchers.segment(),
                turn -> concat(
                    path(
                        "answer",
                        () -> post(() -> withJson(body -> {
                          operators.require(context, key.principal());
                          return recorded(sessions.answer(
                              key, context, turn, Fields.of(body, "").requiredText("text")));
                        }))),
                    path(
                        "feedback",
                        () -> post(() -> withJson(body -> rate(context, key, turn, body))))))));
  }

  private Route rate(Context context, SessionKey key, String turn, JsonNode body) {
    Fields fields = Fields.of(body, "");
    long rating = fields.whole("rating", -1, 1, 0);
    if (rating == 0) {
      throw fields.invalid("rating", "must be 1 (good) or -1 (bad)");
    }
    String text = fields.text("text").orElse("");
    if (text.length() > LONGEST_FEEDBACK) {
      throw fields.invalid(
          "text", "must have at most " + LONGEST_FEEDBACK + " characters, has " + text.length());
    }
    return recorded(sessions.rate(key, context, turn, (int) rating, text));
  }

  private Route recorded(CompletionStage<Session.Recorded> recorded) {
    return completeLater(recorded.thenApply(said -> json(200, TurnJson.of(said.turn()))));
  }

  private Route list(Context context) {
    return completeLater(CompletableFuture.supplyAsync(
            () -> SessionIndex.read(
                node.database().dataSource(), context.tenant(), context.principal(), MOST_LISTED),
            node.blockingExecutor())
        .thenApply(rows -> {
          ObjectNode body = JSON.createObjectNode().put("object", "list");
          ArrayNode data = body.putArray("data");
          for (SessionIndex.Row row : rows) {
            data.addObject()
                .put("id", row.session())
                .put("object", "session")
                .put("agent", row.agent())
                .put("created", row.openedAt().getEpochSecond())
                .put("last_turn", row.lastTurnAt().getEpochSecond())
                .put("turns", row.turns());
          }
          return json(200, body);
        }));
  }

  private Route open(Context context, JsonNode body) {
    String agent = text(body, "agent", "assistant");
    agents.get(agent);
    String id = text(body, "id", "ses_" + UUID.randomUUID().toString().replace("-", ""));
    SessionKey key = new SessionKey(context.tenant(), context.principal(), requireId(id));
    return completeLater(sessions
        .open(key, context, agent, AgentKey.subject(context.principal(), text(body, "user", "")))
        .thenCompose(opened -> sessions.describe(key))
        .thenApply(description -> json(201, session(key, description))));
  }

  private Route say(Context context, SessionKey key, JsonNode body) {
    if (!key.principal().equals(context.principal())) {
      throw new AgentOsException(
          ErrorCode.FORBIDDEN,
          "nobody speaks for '" + key.principal()
              + "'; take the session over and answer its turns instead",
          "principal");
    }
    String turn = text(body, "turn_id", "");
    String id = turn.isEmpty() ? UUID.randomUUID().toString() : turn;
    List<ContentPart> content = content(body.path("content"));
    Source<Session.Reply, ?> replies = sessions.say(key, context, id, content);
    return body.path("stream").asBoolean(false)
        ? completeLater(streamed(replies))
        : completeLater(replies
            .runWith(Sink.last(), system)
            .thenApply(last -> json(200, TurnJson.of(((Session.Finished) last).turn()))));
  }

  /** A refusal is a status, not a stream: the first element decides. */
  private CompletionStage<HttpResponse> streamed(Source<Session.Reply, ?> replies) {
    return replies.prefixAndTail(1).runWith(Sink.head(), system).thenApply(split -> {
      Source<Session.Reply, ?> all = Source.from(split.first()).concat(split.second());
      return events(all.map(SessionRoutes::turnEvent)
          .recover(new PFBuilder<Throwable, ByteString>()
              .matchAny(failure -> event("", "error", error(failure)))
              .build()));
    });
  }

  private static JsonNode error(Throwable failure) {
    AgentOsException known = ApiError.known(failure);
    return ApiError.body(known.code(), String.valueOf(known.getMessage()), known.param());
  }

  private Route stop(Context context, SessionKey key, String turn) {
    return completeLater(sessions
        .stop(key, context, turn)
        .thenApply(finished -> json(200, TurnJson.of(finished.turn()))));
  }

  private Route follow(SessionKey key) {
    return optionalHeaderValueByName("Last-Event-ID", last -> {
      SessionPosition from = last.map(SessionPosition::parse).orElse(null);
      return completeLater(sessions.describe(key).thenCompose(session -> {
        AgentKey agent = new AgentKey(key.tenant(), session.agent(), session.subject());
        CompletionStage<SessionPosition> start = from != null
            ? CompletableFuture.completedFuture(from)
            : sessions
                .latestNotice(agent)
                .thenApply(notice -> new SessionPosition(session.version(), notice));
        return start.thenApply(position -> events(sessions
            .follow(key, agent, position)
            .via(untilStopping.flow())
            .map(SessionRoutes::happening)));
      }));
    });
  }

  private static ByteString happening(SessionFollower.Happening happening) {
    String id = happening.position().toString();
    return switch (happening.what()) {
      case Session.Reply reply -> turnEvent(id, reply);
      case Agent.Noticed noticed -> {
        ObjectNode json = JSON.createObjectNode();
        json.put("id", noticed.id())
            .put("kind", noticed.kind())
            .put("text", noticed.text())
            .put("at", noticed.at().toString());
        yield event(id, "notice", json);
      }
      default -> throw new IllegalStateException("unexpected " + happening.what());
    };
  }

  private static ByteString turnEvent(Session.Reply reply) {
    return turnEvent("", reply);
  }

  private static ByteString turnEvent(String id, Session.Reply reply) {
    return switch (reply) {
      case Session.Accepted accepted ->
        event(id, "turn.accepted", JSON.createObjectNode().put("turn_id", accepted.turn()));
      case Session.Delta delta ->
        event(
            "",
            "turn.delta",
            JSON.createObjectNode()
                .put("turn_id", delta.turn())
                .put("offset", delta.offset())
                .put("text", delta.text()));
      case Session.Reset reset ->
        event("", "turn.reset", JSON.createObjectNode().put("turn_id", reset.turn()));
      case Session.Progressed progress -> {
        ObjectNode json = JSON.createObjectNode().put("turn_id", progress.turn());
        TurnJson.steps(json, progress.steps());
        yield event("", "turn.plan", json);
      }
      case Session.Finished finished ->
        event(
            id,
            finished.turn().status() == Turn.Status.WAITING ? "turn.waiting" : "turn.finished",
            TurnJson.of(finished.turn()));
      default -> throw new IllegalStateException("unexpected " + reply);
    };
  }

  private static ObjectNode session(SessionKey key, Session.Description description) {
    ObjectNode json = JSON.createObjectNode();
    json.put("id", key.session())
        .put("object", "session")
        .put("agent", description.agent())
        .put("created", description.openedAt().getEpochSecond());
    json.put("node", description.node())
        .put("last_event_id", new SessionPosition(description.version(), 0).toString());
    if (!description.serving().equals(description.agent())) {
      json.put("serving", description.serving());
    }
    description
        .origin()
        .ifPresent(origin -> json.putObject("origin")
            .put("session", SessionKey.parse(origin.session()).session())
            .put("turn_id", origin.turn())
            .put("call", origin.call()));
    if (!description.operator().isEmpty()) {
      json.put("operator", description.operator());
    }
    json.set("usage", TurnJson.usage(description.usage()));
    ArrayNode turns = json.putArray("turns");
    description.turns().forEach(turn -> turns.add(TurnJson.of(turn)));
    return json;
  }

  private static List<ContentPart> content(JsonNode content) {
    List<ContentPart> parts = new ArrayList<>();
    if (content.isTextual()) {
      parts.add(new ContentPart.Text(content.asText()));
    } else {
      for (JsonNode part : content) {
        if (!part.path("type").asText().equals("text") || !part.path("text").isTextual()) {
          throw new AgentOsException(
              ErrorCode.INVALID_REQUEST,
              "content takes parts of type 'text' with a 'text', not " + part,
              "content");
        }
        parts.add(new ContentPart.Text(part.path("text").asText()));
      }
    }
    if (ContentPart.textOf(parts).isBlank()) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          "content must be a text, or a list of text parts, and not blank",
          "content");
    }
    return parts;
  }

  private static String text(JsonNode body, String field, String otherwise) {
    JsonNode value = body.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return otherwise;
    }
    if (!value.isTextual() || value.asText().isEmpty() || value.asText().length() > 128) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST,
          field + " must be a text of 1 to 128 characters, is " + abbreviated(value),
          field);
    }
    return value.asText();
  }

  static long number(String name, String value) {
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, name + " must be a whole number, is '" + value + "'", name, e);
    }
  }

  private static String abbreviated(JsonNode value) {
    String text = value.toString();
    return text.length() <= 64 ? text : text.substring(0, 64) + "...";
  }

  private static String requireId(String id) {
    if (!id.matches("[A-Za-z0-9_-]{1,64}")) {
      throw new AgentOsException(
          ErrorCode.INVALID_REQUEST, "a session id has 1 to 64 of A-Z a-z 0-9 _ -", "id");
    }
    return id;
  }
}
