package io.llmagentos.node.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** What every route of a door needs: who calls, JSON in and out, server-sent events, errors. Extend it. */
public abstract class Api extends AllDirectives {
  /** Dates as ISO text. */
  public static final ObjectMapper JSON = new ObjectMapper()
      .registerModule(new JavaTimeModule())
      .registerModule(new Jdk8Module())
      .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS);

  private static final Duration HEARTBEAT = Duration.ofSeconds(10);

  /** A refused body is read to its end if it is at most this many times as large as allowed. */
  private static final long READ_AND_REFUSED = 16;

  private final Map<String, HttpSettings.ApiKey> keysByHash = new HashMap<>();
  private final Clock clock;
  private final Duration requestTimeout;
  private final long maxBodyBytes;
  private final ActorSystem<?> system;

  protected Api(Node node) {
    HttpSettings settings = HttpSettings.create(node.config().getConfig("llmagentos.http"));
    settings.apiKeys().forEach(key -> keysByHash.put(sha256(key.key()), key));
    this.clock = node.clock();
    this.requestTimeout = settings.requestTimeout();
    this.maxBodyBytes = settings.maxBodyBytes();
    this.system = node.system();
  }

  /** The caller's context, from the credential; 401 without a valid one. */
  protected Route withContext(Function<Context, Route> inner) {
    return extractRequest(request -> {
      Optional<String> token = request
          .getHeader("authorization")
          .map(HttpHeader::value)
          .filter(value -> value.regionMatches(true, 0, "Bearer ", 0, 7))
          .map(value -> value.substring(7).strip());
      if (keysByHash.isEmpty()) {
        return inner.apply(context("local", "local", request));
      }
      HttpSettings.ApiKey key = token.map(Api::sha256).map(keysByHash::get).orElse(null);
      if (key == null) {
        return complete(ApiError.response(
            ErrorCode.UNAUTHENTICATED,
            token.isEmpty()
                ? "send an API key: 'Authorization: Bearer KEY'"
                : "the API key is not one of this cluster's",
            null));
      }
      return inner.apply(context(key.tenant(), key.principal(), request));
    });
  }

  private Context context(String tenant, String principal, HttpRequest request) {
    return new Context(
        tenant,
        principal,
        clock.instant().plus(requestTimeout),
        trace(request),
        Provenance.PRINCIPAL);
  }

  /** The trace id of the request: from W3C {@code traceparent}, else a new one. */
  static String trace(HttpRequest request) {
    return request
        .getHeader("traceparent")
        .map(HttpHeader::value)
        .filter(value -> value.matches("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"))
        .map(value -> value.substring(3, 35))
        .orElseGet(() -> UUID.randomUUID().toString().replace("-", ""));
  }

  /** The body as a JSON object; 400 with the place of the fault otherwise, 413 for one that is too large. */
  protected Route withJson(Function<JsonNode, Route> inner) {
    return withBody(bytes -> inner.apply(parse(bytes)));
  }

  /** The body whole; 413 for one that is too large. */
  protected Route withBody(Function<byte[], Route> inner) {
    return extractRequestEntity(body -> onComplete(
        () -> read(body),
        bytes -> bytes.isSuccess()
            ? inner.apply(bytes.get().toArrayUnsafe())
            : complete(ApiError.response(bytes.failed().get()))));
  }

  /** Reads a body that is too large to its end, within reason: a client that is still sending would miss the answer. */
  private CompletionStage<ByteString> read(RequestEntity body) {
    return body.withSizeLimit(READ_AND_REFUSED * maxBodyBytes)
        .getDataBytes()
        .runFold(
            Pair.create(0L, ByteString.emptyByteString()),
            (before, bytes) -> {
              long size = before.first() + bytes.size();
              return Pair.create(
                  size,
                  size > maxBodyBytes
                      ? ByteString.emptyByteString()
                      : before.second().concat(bytes));
            },
            system)
        .thenApply(read -> {
          if (read.first() > maxBodyBytes) {
            throw new AgentOsException(
                ErrorCode.BODY_TOO_LARGE,
                "the request body has " + read.first() + " bytes, at most " + maxBodyBytes
                    + " may be (llmagentos.http.max-body)");
          }
          return read.second();
        });
  }

  private static JsonNode parse(byte[] bytes) {
    try {
      JsonNode json = JSON.readTree(bytes);
      if (!json.isObject()) {
        throw new AgentOsException(
            ErrorCode.MALFORMED_JSON,
            "the body must be a JSON object, is "
                + (json.isMissingNode() ? "empty" : json.getNodeType()));
      }
      return json;
    } catch (JsonProcessingException e) {
      throw new AgentOsException(
          ErrorCode.MALFORMED_JSON,
          "the body is not valid JSON: " + e.getOriginalMessage()
              + (e.getLocation() == null
                  ? ""
                  : " at line " + e.getLocation().getLineNr() + ", column "
                      + e.getLocation().getColumnNr()));
    } catch (java.io.IOException e) {
      throw new AgentOsException(
          ErrorCode.MALFORMED_JSON, "the body is not valid JSON: " + e.getMessage());
    }
  }

  protected static HttpResponse json(int status, Object body) {
    try {
      return HttpResponse.create()
          .withStatus(StatusCodes.get(status))
          .withEntity(ContentTypes.APPLICATION_JSON, JSON.writeValueAsBytes(body));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  protected Route completeLater(CompletionStage<HttpResponse> response) {
    return completeWithFuture(response.exceptionally(ApiError::response));
  }

  /** Server-sent events; comments keep the connection alive, so that a dead client is noticed. */
  protected static HttpResponse events(Source<ByteString, ?> events) {
    Source<ByteString, NotUsed> alive = events
        .mapMaterializedValue(value -> NotUsed.getInstance())
        .keepAlive(HEARTBEAT, () -> ByteString.fromString(": alive\n\n"));
    return HttpResponse.create()
        .addHeader(RawHeader.create("Cache-Control", "no-cache"))
        .addHeader(RawHeader.create("X-Accel-Buffering", "no"))
        .withEntity(org.apache.pekko.http.javadsl.model.HttpEntities.createChunked(
            MediaTypes.TEXT_EVENT_STREAM.toContentType(), alive));
  }

  /** One server-sent event; {@code id} and {@code name} may be empty. */
  protected static ByteString event(String id, String name, Object data) {
    try {
      StringBuilder text = new StringBuilder();
      if (!id.isEmpty()) {
        text.append("id: ").append(id).append('\n');
      }
      if (!name.isEmpty()) {
        text.append("event: ").append(name).append('\n');
      }
      return ByteString.fromString(text.append("data: ")
          .append(data instanceof String s ? s : JSON.writeValueAsString(data))
          .append("\n\n")
          .toString());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  public static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
