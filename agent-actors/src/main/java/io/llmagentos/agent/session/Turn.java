package io.llmagentos.agent.session;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.node.envelope.ContentPart;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One turn of a dialogue: what was said, and what came of it.
 *
 * @param acceptedAtVersion the session's version with which it was accepted
 * @param finishedAtVersion the session's version with which it finished; 0 while it runs
 * @param reply the model's, once recorded
 * @param history of a stateless completion: all that was said before it; without, the session's earlier turns were
 * @param finishedAt {@link Instant#EPOCH} while it runs
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
    long finishedAtVersion,
    Optional<List<Message>> history,
    Instant finishedAt) {
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
    history = history.map(List::copyOf);
    // Snapshots of version 1 have no such field.
    finishedAt = Objects.requireNonNullElse(finishedAt, Instant.EPOCH);
  }

  static Turn accepted(SessionEvent.TurnAccepted event, long version) {
    return accepted(event.turn(), event.content(), event.at(), version, Optional.empty());
  }

  static Turn accepted(SessionEvent.CompletionAccepted event, long version) {
    return accepted(
        event.turn(), event.content(), event.at(), version, Optional.of(event.history()));
  }

  private static Turn accepted(
      String id,
      List<ContentPart> content,
      Instant at,
      long version,
      Optional<List<Message>> history) {
    return new Turn(
        id,
        content,
        at,
        version,
        Status.RUNNING,
        Optional.empty(),
        "",
        List.of(),
        "",
        0,
        history,
        Instant.EPOCH);
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
        finishedAtVersion,
        history,
        finishedAt);
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
        version,
        history,
        event.at());
  }

  Turn withoutHistory() {
    return new Turn(
        id,
        content,
        acceptedAt,
        acceptedAtVersion,
        status,
        reply,
        answer,
        calls,
        error,
        finishedAtVersion,
        Optional.empty(),
        finishedAt);
  }

  /** Whether it is the turn of a stateless completion that said exactly this. */
  boolean isCompletionOf(List<Message> earlier, List<ContentPart> said) {
    return history.filter(earlier::equals).isPresent() && content.equals(said);
  }

  boolean isRunning() {
    return status == Status.RUNNING;
  }
}
