package io.llmagentos.node.error;

/** Why something was refused or failed: counted by metrics, mapped by HTTP, read by clients. Append only. */
public enum ErrorCode {
  INVALID_REQUEST(400, "invalid_request_error"),
  MALFORMED_JSON(400, "invalid_request_error"),
  CONTEXT_LENGTH_EXCEEDED(400, "invalid_request_error"),
  TOOL_SCHEMA_INVALID(400, "invalid_request_error"),
  TOOLS_NOT_ALLOWED(400, "invalid_request_error"),
  UNAUTHENTICATED(401, "authentication_error"),
  FORBIDDEN(403, "permission_error"),
  NOT_FOUND(404, "not_found_error"),
  MODEL_NOT_FOUND(404, "invalid_request_error"),
  METHOD_NOT_ALLOWED(405, "invalid_request_error"),
  CONFLICT(409, "conflict_error"),
  BODY_TOO_LARGE(413, "invalid_request_error"),
  QUEUE_FULL(429, "rate_limit_error"),
  STOPPED(499, "cancelled_error"),
  INTERNAL(500, "server_error"),
  MODEL_FAILED(500, "server_error"),
  TOOL_FAILED(500, "server_error"),
  UNAVAILABLE(503, "server_error"),
  DEADLINE_EXCEEDED(504, "timeout_error"),
  SETTINGS_UNKNOWN_KEY(500, "configuration_error"),
  SETTINGS_INVALID(500, "configuration_error"),
  PORT_IN_USE(500, "configuration_error"),
  DATA_DIRECTORY_NEWER(500, "configuration_error"),
  DATA_DIRECTORY_UNUSABLE(500, "configuration_error"),
  WIRE_INCOMPATIBLE(500, "cluster_error"),
  WIRE_UNKNOWN_CLASS(500, "cluster_error"),
  MODEL_FILE_CORRUPT(500, "model_error"),
  MODEL_FILE_MISSING(500, "model_error"),
  MODEL_UNSUPPORTED(500, "model_error"),
  ARTIFACT_MISSING(500, "artifact_error"),
  ARTIFACT_CORRUPT(500, "artifact_error"),
  ARTIFACT_UNWRITABLE(500, "artifact_error"),
  FENCED(409, "conflict_error"),
  ENVIRONMENT_NOT_FOUND(404, "invalid_request_error"),
  ENVIRONMENT_FAILED(500, "environment_error"),
  TRAINING_DIVERGED(500, "training_error"),
  CHECKPOINT_INVALID(500, "training_error"),
  DATASET_INVALID(400, "invalid_request_error"),
  BUDGET_EXCEEDED(402, "budget_error"),
  INSUFFICIENT_QUOTA(429, "insufficient_quota");

  private final int httpStatus;
  private final String type;

  ErrorCode(int httpStatus, String type) {
    this.httpStatus = httpStatus;
    this.type = type;
  }

  /** The code with an {@link #id}; {@code INTERNAL} for one that this version does not know. */
  public static ErrorCode of(String id) {
    for (ErrorCode code : values()) {
      if (code.id().equals(id)) {
        return code;
      }
    }
    return INTERNAL;
  }

  public int httpStatus() {
    return httpStatus;
  }

  /** The {@code type} of OpenAI's error object. */
  public String type() {
    return type;
  }

  /** The {@code code} of OpenAI's error object. */
  public String id() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
