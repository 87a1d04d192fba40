package io.llmagentos.agent.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.session.Decision;
import io.llmagentos.agent.session.InboxIndex;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/** What waits for a person: {@code GET /v1/inbox}, {@code GET /v1/inbox/{id}}, {@code POST /v1/inbox/{id}/decision}. For operators. */
public final class InboxRoutes extends Api {
  private static final int MOST_LISTED = 200;
  private static final int LONGEST_TEXT = 4_000;
  private static final Map<String, Decision.Kind> DECISIONS = new TreeMap<>(Map.of(
      "approve", Decision.Kind.APPROVED,
      "deny", Decision.Kind.DENIED,
      "happened", Decision.Kind.HAPPENED,
      "did_not_happen", Decision.Kind.DID_NOT_HAPPEN,
      "retry", Decision.Kind.RETRY));

  private final Node node;
  private final Sessions sessions;
  private final Operators operators;

  public InboxRoutes(Node node) {
    super(node);
    this.node = node;
    this.sessions = node.service(Sessions.class);
    this.operators = new Operators(node);
  }

  public Route route() {
    return pathPrefix(
        "v1",
        () -> pathPrefix(
            "inbox",
            () -> withContext(context -> {
              operators.require(context);
              return concat(
                  pathEnd(() -> get(() -> list(context))),
                  pathPrefix(
                      PathMatchers.segment(),
                      id -> concat(
                          pathEnd(() -> get(() -> completeLater(
                              find(context, id).thenApply(item -> json(200, json(item)))))),
                          path(
                              "decision",
                              () -> post(() -> withJson(body -> decide(context, id, body)))))));
            })));
  }

  private Route list(Context context) {
    return completeLater(CompletableFuture.supplyAsync(
            () -> InboxIndex.open(node.database().dataSource(), context.tenant(), MOST_LISTED),
            node.blockingExecutor())
        .thenApply(items -> {
          ObjectNode body = JSON.createObjectNode().put("object", "list");
          ArrayNode data = body.putArray("data");
          items.forEach(item -> data.add(json(item)));
          return json(200, body);
        }));
  }

  private CompletableFuture<InboxIndex.Item> find(Context context, String id) {
    return CompletableFuture.supplyAsync(
        () -> InboxIndex.find(node.database().dataSource(), context.tenant(), id)
            .orElseThrow(() -> new AgentOsException(
                ErrorCode.NOT_FOUND, "the inbox has no item '" + id + "'", "id")),
        node.blockingExecutor());
  }

  private Route decide(Context context, String id, JsonNode body) {
    Fields fields = Fields.of(body, "");
    Decision.Kind kind = DECISIONS.get(fields.requiredText("decision"));
    if (kind == null) {
      throw fields.invalid("decision", "must be one of " + DECISIONS.keySet());
    }
    String hash = fields.requiredText("hash");
    String text = fields.text("text").orElse("");
    if (text.length() > LONGEST_TEXT) {
      throw fields.invalid(
          "text", "must have at most " + LONGEST_TEXT + " characters, has " + text.length());
    }
    String arguments = arguments(fields, kind);
    return completeLater(find(context, id)
        .thenCompose(item -> sessions.decide(item, context, kind, hash, arguments, text))
        .thenApply(recorded -> json(200, TurnJson.of(recorded.turn()))));
  }

  /** The arguments with which the call shall be made instead; empty: with those it has. */
  private static String arguments(Fields fields, Decision.Kind kind) {
    if (!fields.has("arguments")) {
      return "";
    }
    if (kind != Decision.Kind.APPROVED) {
      throw fields.invalid("arguments", "go with the decision \"approve\" only");
    }
    try {
      return JSON.writeValueAsString(fields.requiredObject("arguments").object());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ObjectNode json(InboxIndex.Item item) {
    ObjectNode json = JSON.createObjectNode()
        .put("id", item.id())
        .put("object", "inbox.item")
        .put("kind", item.kind())
        .put("principal", item.session().principal())
        .put("session", item.session().session())
        .put("turn_id", item.turn())
        .put("tool", item.tool())
        .put("arguments", item.arguments())
        .put("hash", item.hash())
        .put("since", item.since().toString());
    if (!item.reason().isEmpty()) {
      json.put("reason", item.reason());
    }
    if (item.expiresAt().isAfter(Instant.EPOCH)) {
      json.put("expires", item.expiresAt().toString());
    }
    if (item.decidedAt().isAfter(Instant.EPOCH)) {
      json.put("decided", item.decidedAt().toString());
    }
    return json;
  }
}
