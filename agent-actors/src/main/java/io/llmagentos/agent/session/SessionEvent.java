package io.llmagentos.agent.session;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.journal.JournalEvent;
import io.llmagentos.node.journal.TimerChange;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What a session's journal holds. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = SessionEvent.SessionOpened.class, name = "session_opened"),
  @JsonSubTypes.Type(value = SessionEvent.TurnAccepted.class, name = "turn_accepted"),
  @JsonSubTypes.Type(value = SessionEvent.CompletionAccepted.class, name = "completion_accepted"),
  @JsonSubTypes.Type(value = SessionEvent.ModelReplied.class, name = "model_replied"),
  @JsonSubTypes.Type(value = SessionEvent.TurnFinished.class, name = "turn_finished")
})
public sealed interface SessionEvent extends JournalEvent {
  /** An accepted turn that is not finished by then is taken up again, wherever its session then lives. */
  Duration RESUME_AFTER = Duration.ofSeconds(5);

  /**
   * @param agent the agent's name
   * @param subject whose durable things the agent keeps: the principal, or a user of the principal's
   */
  record SessionOpened(String agent, String subject, Instant at) implements SessionEvent {}

  record TurnAccepted(String turn, List<ContentPart> content, Instant at) implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Set("turn/" + turn, at.plus(RESUME_AFTER)));
    }
  }

  /**
   * A turn that brings its own past; the first one opens its session.
   *
   * @param history what the client says was said before, as it was given
   */
  record CompletionAccepted(
      String turn,
      String agent,
      String subject,
      List<Message> history,
      List<ContentPart> content,
      Instant at)
      implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Set("turn/" + turn, at.plus(RESUME_AFTER)));
    }
  }

  /** Recorded before it is acted upon: recovery replays it and never asks the model again. */
  record ModelReplied(String turn, ChatReply reply, Instant at) implements SessionEvent {}

  /**
   * @param status how it ended
   * @param error the error's code when it failed; else empty
   */
  record TurnFinished(
      String turn,
      Turn.Status status,
      String answer,
      List<Turn.Call> calls,
      String error,
      Instant at)
      implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared("turn/" + turn));
    }
  }
}
