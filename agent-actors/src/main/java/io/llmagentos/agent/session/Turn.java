package io.llmagentos.agent.session;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.node.envelope.ContentPart;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One turn of a dialogue: what was said, and what came of it.
 *
 * @param acceptedAtVersion the session's version with which it was accepted
 * @param finishedAtVersion the session's version with which it finished; 0 while it runs
 * @param reply the model's, once recorded
 */
public record Turn(
    String id,
    List<ContentPart> content,
    Instant acceptedAt,
    long acceptedAtVersion,
    Status status,
    Optional<ChatReply> reply,
    String answer,
    List<Call> calls,
    String error,
    long finishedAtVersion) {
  /** How a turn stands. */
  public enum Status {
    @JsonProperty("running")
    RUNNING,
    @JsonProperty("completed")
    COMPLETED,
    @JsonProperty("failed")
    FAILED,
    @JsonProperty("stopped")
    STOPPED;

    public String id() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /**
   * A tool call of the turn.
   *
   * @param key unique to the call, the same whenever it is repeated
   */
  public record Call(String key, String name, String arguments, String result) {}

  public Turn {
    content = List.copyOf(content);
    calls = List.copyOf(calls);
  }

  static Turn accepted(SessionEvent.TurnAccepted event, long version) {
    return new Turn(
        event.turn(),
        event.content(),
        event.at(),
        version,
        Status.RUNNING,
        Optional.empty(),
        "",
        List.of(),
        "",
        0);
  }

  Turn replied(ChatReply modelReply) {
    return new Turn(
        id,
        content,
        acceptedAt,
        acceptedAtVersion,
        status,
        Optional.of(modelReply),
        answer,
        calls,
        error,
        finishedAtVersion);
  }

  Turn finished(SessionEvent.TurnFinished event, long version) {
    return new Turn(
        id,
        content,
        acceptedAt,
        acceptedAtVersion,
        event.status(),
        reply,
        event.answer(),
        event.calls(),
        event.error(),
        version);
  }

  boolean isRunning() {
    return status == Status.RUNNING;
  }
}
