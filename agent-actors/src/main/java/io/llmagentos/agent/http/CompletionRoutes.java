package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.definition.AgentDefinitions;
import io.llmagentos.model.serving.Models;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.http.Api;
import io.llmagentos.node.http.ApiError;
import io.llmagentos.node.http.Connection;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.japi.pf.PFBuilder;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * OpenAI's protocol: {@code POST /v1/chat/completions}, {@code GET /v1/models}, {@code GET /v1/models/{id}}. A {@code model} is a language model,
 * asked as it is, or an agent, which acts for the principal.
 */
public final class CompletionRoutes extends Api {
  private static final ByteString DONE = ByteString.fromString("data: [DONE]\n\n");

  private final ActorSystem<?> system;
  private final AgentDefinitions agents;
  private final Models models;
  private final ModelAnswers modelAnswers;
  private final AgentAnswers agentAnswers;
  private final Instant started;

  public CompletionRoutes(Node node) {
    super(node);
    this.system = node.system();
    this.agents = node.service(AgentDefinitions.class);
    this.models = node.service(Models.class);
    this.modelAnswers = new ModelAnswers(node);
    this.agentAnswers = new AgentAnswers(node);
    this.started = node.clock().instant();
  }

  public Route route() {
    return pathPrefix(
        "v1",
        () -> concat(
            path(
                PathMatchers.segment("chat").slash("completions"),
                () -> post(() ->
                    withContext(context -> extractRequest(request -> optionalHeaderValueByName(
                        "Idempotency-Key",
                        key -> withJson(body ->
                            complete(context, Connection.of(request), key.orElse(""), body))))))),
            pathPrefix(
                "models",
                () -> concat(
                    pathEndOrSingleSlash(() ->
                        get(() -> withContext(context -> complete(json(200, list()))))),
                    path(
                        PathMatchers.remaining(),
                        id -> get(() ->
                            withContext(context -> complete(json(200, model(decoded(id)))))))))));
  }

  private static String decoded(String path) {
    return URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private ObjectNode list() {
    ObjectNode body = JSON.createObjectNode().put("object", "list");
    ArrayNode data = body.putArray("data");
    Set<String> ids = new TreeSet<>(models.ids());
    agents.all().stream().map(AgentDefinition::name).forEach(ids::add);
    ids.forEach(id -> data.add(model(id)));
    return body;
  }

  private ObjectNode model(String id) {
    requireKnown(id);
    return JSON.createObjectNode()
        .put("id", id)
        .put("object", "model")
        .put("created", started.getEpochSecond())
        .put("owned_by", agents.has(id) ? "agent" : "model");
  }

  private void requireKnown(String id) {
    if (!agents.has(id) && !models.ids().contains(id)) {
      throw new AgentOsException(
          ErrorCode.MODEL_NOT_FOUND,
          "The model '" + id + "' does not exist; GET /v1/models lists the ones that do.",
          "model");
    }
  }

  private Route complete(
      Context context, Connection connection, String idempotencyKey, JsonNode body) {
    CompletionRequest request =
        CompletionRequest.parse(body, ThreadLocalRandom.current().nextLong());
    requireKnown(request.model());
    Source<CompletionPiece, ?> pieces = agents.has(request.model())
        ? agentAnswers.to(request, context, idempotencyKey)
        : modelAnswers.to(request, context, connection);
    CompletionWriter writer =
        new CompletionWriter(request.model(), Instant.now(), request.includeUsage());
    return completeLater(
        request.stream()
            ? streamed(pieces, writer)
            : pieces
                .runWith(Sink.last(), system)
                .thenApply(last -> json(200, writer.whole((CompletionPiece.End) last))));
  }

  /** A refusal is a status, not a stream: the first piece decides. A failure after it is an event, and the last one. */
  private CompletionStage<HttpResponse> streamed(
      Source<CompletionPiece, ?> pieces, CompletionWriter writer) {
    return pieces.prefixAndTail(1).runWith(Sink.head(), system).thenApply(split -> {
      Source<CompletionPiece, ?> all = Source.from(split.first()).concat(split.second());
      return events(all.mapConcat(writer::chunks)
          .map(chunk -> event("", "", chunk))
          .concat(Source.single(DONE))
          .recover(new PFBuilder<Throwable, ByteString>()
              .matchAny(failure -> event("", "", error(failure)))
              .build()));
    });
  }

  private static ObjectNode error(Throwable failure) {
    AgentOsException known = ApiError.known(failure);
    return ApiError.body(known.code(), String.valueOf(known.getMessage()), known.param());
  }
}
