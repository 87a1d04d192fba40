package io.llmagentos.node.http;

import io.llmagentos.node.error.ErrorCode;
import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;

/** Answers what is not HTTP, before any route sees it, with the same typed errors. */
public final class UnreadableRequests extends ParsingErrorHandler {
  /** Pekko looks the handler up as it would a Scala object, by this name. */
  @SuppressWarnings("MemberName")
  public static final UnreadableRequests MODULE$ = new UnreadableRequests();

  private UnreadableRequests() {}

  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo error, LoggingAdapter log, ServerSettings settings) {
    return ApiError.response(
            ErrorCode.INVALID_REQUEST, "not a valid HTTP request: " + error.summary(), null)
        .withStatus(status.intValue());
  }
}
