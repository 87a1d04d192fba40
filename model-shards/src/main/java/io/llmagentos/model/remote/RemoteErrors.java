package io.llmagentos.model.remote;

import com.openai.errors.OpenAIServiceException;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;

/** What went wrong at an endpoint, in our codes. */
final class RemoteErrors {
  /** Codes that mean here what they mean there; OpenAI's own among them. A stream that broke off has no status but its code. */
  private static final Set<ErrorCode> SAME_HERE = EnumSet.of(
      ErrorCode.CONTEXT_LENGTH_EXCEEDED,
      ErrorCode.TOOL_SCHEMA_INVALID,
      ErrorCode.MODEL_NOT_FOUND,
      ErrorCode.QUEUE_FULL,
      ErrorCode.UNAVAILABLE,
      ErrorCode.DEADLINE_EXCEEDED);

  private RemoteErrors() {}

  static AgentOsException translate(String model, Throwable failure, Duration limit) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
    if (cause instanceof AgentOsException known) {
      return known;
    }
    if (cause instanceof OpenAIServiceException refused) {
      return new AgentOsException(
          code(refused),
          "the endpoint of model '" + model + "' says " + refused.statusCode() + ": "
              + refused.getMessage(),
          refused.param().orElse(null),
          cause);
    }
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof InterruptedIOException || t instanceof TimeoutException) {
        return new AgentOsException(
            ErrorCode.DEADLINE_EXCEEDED,
            "the endpoint of model '" + model + "' did not answer within " + limit
                + " (llmagentos.model.models." + model + ".timeout)",
            null,
            cause);
      }
    }
    return new AgentOsException(
        ErrorCode.UNAVAILABLE,
        "the endpoint of model '" + model + "' cannot be reached: " + cause.getMessage(),
        null,
        cause);
  }

  private static ErrorCode code(OpenAIServiceException refused) {
    ErrorCode named = ErrorCode.of(refused.code().orElse(""));
    if (SAME_HERE.contains(named)) {
      return named;
    }
    return switch (refused.statusCode()) {
      case 400, 422 -> ErrorCode.INVALID_REQUEST;
      case 404 -> ErrorCode.MODEL_NOT_FOUND;
      case 429 -> ErrorCode.QUEUE_FULL;
      case 408, 504 -> ErrorCode.DEADLINE_EXCEEDED;
      case 502, 503 -> ErrorCode.UNAVAILABLE;
      // Its keys are this platform's settings, not the caller's.
      default -> ErrorCode.MODEL_FAILED;
    };
  }
}
