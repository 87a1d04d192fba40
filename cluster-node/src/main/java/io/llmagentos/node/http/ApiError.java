package io.llmagentos.node.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.scaladsl.model.EntityStreamException;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Errors in OpenAI's form: {@code {"error": {"message", "type", "param", "code"}}}. */
public final class ApiError {
  private static final Logger LOG = LoggerFactory.getLogger(ApiError.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private ApiError() {}

  public static ObjectNode body(ErrorCode code, String message, @Nullable String param) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ObjectNode error = body.putObject("error");
    error.put("message", message);
    error.put("type", code.type());
    error.put("param", param);
    error.put("code", code.id());
    return body;
  }

  public static HttpResponse response(ErrorCode code, String message, @Nullable String param) {
    List<HttpHeader> headers = new ArrayList<>();
    if (code == ErrorCode.QUEUE_FULL || code == ErrorCode.UNAVAILABLE) {
      headers.add(RawHeader.create("Retry-After", Long.toString(RETRY_AFTER.toSeconds())));
    }
    if (code == ErrorCode.INSUFFICIENT_QUOTA) {
      headers.add(RawHeader.create("x-should-retry", "false")); // OpenAI's clients would, at 429
    }
    if (code == ErrorCode.UNAUTHENTICATED) {
      headers.add(RawHeader.create("WWW-Authenticate", "Bearer"));
    }
    return HttpResponse.create()
        .withStatus(StatusCodes.get(code.httpStatus() == 499 ? 409 : code.httpStatus()))
        .addHeaders(headers)
        .withEntity(ContentTypes.APPLICATION_JSON, body(code, message, param).toString());
  }

  /** An unexpected failure is logged here and told to the client without its innards. */
  public static HttpResponse response(Throwable failure) {
    AgentOsException known = known(failure);
    return response(known.code(), String.valueOf(known.getMessage()), known.param());
  }

  /** The typed error within a failure; {@code INTERNAL}, logged, when there is none. */
  public static AgentOsException known(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return switch (cause) {
      case AgentOsException known -> known;
      case EntityStreamSizeException large ->
        new AgentOsException(
            ErrorCode.BODY_TOO_LARGE,
            "the request body exceeds " + large.limit() + " bytes (llmagentos.http.max-body)"
                + large.actualSize().map(size -> ": it has " + size).getOrElse(() -> ""));
      case EntityStreamException broken ->
        new AgentOsException(
            ErrorCode.INVALID_REQUEST,
            "the request body could not be read: " + broken.getMessage());
      case TimeoutException timeout ->
        new AgentOsException(
            ErrorCode.UNAVAILABLE, "no answer within the time limit; try again", null, timeout);
      default -> {
        LOG.error("request failed", failure);
        yield new AgentOsException(
            ErrorCode.INTERNAL,
            "the request failed inside the platform; the log has the details under this request's trace id");
      }
    };
  }
}
