package io.llmagentos.agent.session;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.llmagentos.node.http.Api;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * A tool call of a turn as the ledger has it.
 *
 * @param key unique to the call, the same whenever it is repeated
 * @param result for a model or a person; empty until it has ended
 * @param number in its turn, from 0, in the order in which the model asked for them
 * @param structured the result as a JSON value; may be empty
 * @param error the code when it failed; else empty
 * @param expiresAt until when it may be approved; {@link Instant#EPOCH} when it need not be
 * @param decisions of people, in order
 */
public record Call(
    String key,
    String name,
    String arguments,
    String result,
    int number,
    Status status,
    String structured,
    String error,
    Instant expiresAt,
    List<Decision> decisions) {
  /** How a call stands. */
  public enum Status {
    /** The model asks for it; nothing else is recorded. */
    @JsonProperty("planned")
    PLANNED,
    @JsonProperty("awaiting_approval")
    AWAITING_APPROVAL,
    @JsonProperty("approved")
    APPROVED,
    /** From now on it may have had its effect. */
    @JsonProperty("started")
    STARTED,
    @JsonProperty("succeeded")
    SUCCEEDED,
    /** It had no effect. */
    @JsonProperty("failed")
    FAILED,
    @JsonProperty("denied")
    DENIED,
    @JsonProperty("expired")
    EXPIRED,
    /** Whether it had its effect has to be found out by a person. */
    @JsonProperty("unknown")
    UNKNOWN,
    /** Its turn ended before it did. */
    @JsonProperty("cancelled")
    CANCELLED,
    /** The agent that was asked has not answered yet, and may wait for a person. */
    @JsonProperty("pending")
    PENDING;

    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final ObjectMapper CANONICAL =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  public Call {
    // Version 1 had the first four fields only, of calls that had succeeded.
    status = Objects.requireNonNullElse(status, Status.SUCCEEDED);
    structured = Objects.requireNonNullElse(structured, "");
    error = Objects.requireNonNullElse(error, "");
    expiresAt = Objects.requireNonNullElse(expiresAt, Instant.EPOCH);
    decisions = List.copyOf(Objects.requireNonNullElse(decisions, List.of()));
  }

  static Call planned(String key, int number, String name, String arguments) {
    return new Call(
        key, name, arguments, "", number, Status.PLANNED, "", "", Instant.EPOCH, List.of());
  }

  /** SHA-256 of the arguments' canonical form: keys in order, no white space. What is no JSON object is hashed as it is. */
  static String hash(String arguments) {
    return Api.sha256(canonical(arguments).orElse(arguments));
  }

  /** The canonical form of a JSON object; empty when it is none. */
  static Optional<String> canonical(String arguments) {
    try {
      Object read = CANONICAL.readValue(arguments, Object.class);
      return read instanceof java.util.Map
          ? Optional.of(CANONICAL.writeValueAsString(read))
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** The hash of its arguments as they are now. */
  public String argumentsHash() {
    return hash(arguments);
  }

  /** Which of the decisions about it comes next. */
  int nextDecision() {
    return decisions.size();
  }

  boolean waits() {
    return status == Status.AWAITING_APPROVAL
        || status == Status.UNKNOWN
        || status == Status.PENDING;
  }

  boolean hasEnded() {
    return switch (status) {
      case SUCCEEDED, FAILED, DENIED, EXPIRED, CANCELLED -> true;
      case PLANNED, AWAITING_APPROVAL, APPROVED, STARTED, UNKNOWN, PENDING -> false;
    };
  }

  /** What the model is told of it, once it has ended. */
  String forModel() {
    String changed = decisions.stream()
            .anyMatch(decision -> decision.kind() == Decision.Kind.APPROVED
                && !decision.hash().equals(hash(decision.arguments())))
        ? "(a person changed the arguments to " + arguments + ") "
        : "";
    return switch (status) {
      case SUCCEEDED -> changed + result;
      case FAILED -> "error: " + changed + result;
      default -> "error: " + outcome();
    };
  }

  /** What the principal is told of it when no model phrases it. */
  String forPrincipal() {
    return switch (status) {
      case SUCCEEDED -> result;
      case FAILED -> "Sorry, that did not work: " + result;
      default -> outcome();
    };
  }

  private String outcome() {
    return switch (status) {
      case AWAITING_APPROVAL -> name + " waits for a person's approval.";
      case UNKNOWN ->
        "It is not known whether " + name + " took place; a person will find out. " + result;
      case PENDING -> result;
      case DENIED ->
        "A person did not approve " + name + "." + (result.isEmpty() ? "" : " " + result);
      case EXPIRED -> "Nobody approved " + name + " in time.";
      default -> name + " did not take place.";
    };
  }

  Call awaiting(Instant until) {
    return with(Status.AWAITING_APPROVAL, arguments, result, structured, error, until, decisions);
  }

  Call started() {
    return with(Status.STARTED, arguments, result, structured, error, expiresAt, decisions);
  }

  Call ended(Status how, String text, String value, String code) {
    return with(how, arguments, text, value, code, expiresAt, decisions);
  }

  Call unknown(String reason) {
    return with(Status.UNKNOWN, arguments, reason, "", "", expiresAt, decisions);
  }

  Call pending(String text) {
    return with(Status.PENDING, arguments, text, "", "", expiresAt, decisions);
  }

  Call cancelled() {
    return with(Status.CANCELLED, arguments, result, structured, error, expiresAt, decisions);
  }

  Call decided(Decision decision) {
    List<Decision> all = new ArrayList<>(decisions);
    all.add(decision);
    return switch (decision.kind()) {
      case APPROVED -> with(Status.APPROVED, decision.arguments(), "", "", "", expiresAt, all);
      // Approved once: it starts again under its key.
      case RETRY -> with(Status.APPROVED, arguments, "", "", "", expiresAt, all);
      case DENIED -> with(Status.DENIED, arguments, decision.text(), "", "", expiresAt, all);
      case EXPIRED -> with(Status.EXPIRED, arguments, "", "", "", expiresAt, all);
      case WITHDRAWN -> with(Status.CANCELLED, arguments, "", "", "", expiresAt, all);
      case HAPPENED -> with(Status.SUCCEEDED, arguments, decision.text(), "", "", expiresAt, all);
      case DID_NOT_HAPPEN ->
        with(
            Status.FAILED,
            arguments,
            decision.text().isEmpty() ? name + " did not take place" : decision.text(),
            "",
            "tool_failed",
            expiresAt,
            all);
    };
  }

  private Call with(
      Status newStatus,
      String newArguments,
      String newResult,
      String newStructured,
      String newError,
      Instant newExpiresAt,
      List<Decision> newDecisions) {
    return new Call(
        key,
        name,
        newArguments,
        newResult,
        number,
        newStatus,
        newStructured,
        newError,
        newExpiresAt,
        newDecisions);
  }
}
