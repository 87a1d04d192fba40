package io.llmagentos.agent.session;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.journal.JournalEvent;
import io.llmagentos.node.journal.TimerChange;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** What a session's journal holds. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = SessionEvent.SessionOpened.class, name = "session_opened"),
  @JsonSubTypes.Type(value = SessionEvent.TurnAccepted.class, name = "turn_accepted"),
  @JsonSubTypes.Type(value = SessionEvent.CompletionAccepted.class, name = "completion_accepted"),
  @JsonSubTypes.Type(value = SessionEvent.ModelReplied.class, name = "model_replied"),
  @JsonSubTypes.Type(value = SessionEvent.ApprovalRequested.class, name = "approval_requested"),
  @JsonSubTypes.Type(value = SessionEvent.CallStarted.class, name = "call_started"),
  @JsonSubTypes.Type(value = SessionEvent.CallEnded.class, name = "call_ended"),
  @JsonSubTypes.Type(value = SessionEvent.CallUnknown.class, name = "call_unknown"),
  @JsonSubTypes.Type(value = SessionEvent.CallDecided.class, name = "call_decided"),
  @JsonSubTypes.Type(value = SessionEvent.TurnSuspended.class, name = "turn_suspended"),
  @JsonSubTypes.Type(value = SessionEvent.TurnFinished.class, name = "turn_finished"),
  @JsonSubTypes.Type(value = SessionEvent.FeedbackGiven.class, name = "feedback_given"),
  @JsonSubTypes.Type(value = SessionEvent.SessionTakenOver.class, name = "session_taken_over"),
  @JsonSubTypes.Type(value = SessionEvent.SessionReleased.class, name = "session_released"),
  @JsonSubTypes.Type(value = SessionEvent.BudgetLeased.class, name = "budget_leased"),
  @JsonSubTypes.Type(value = SessionEvent.LeaseSettled.class, name = "lease_settled"),
  @JsonSubTypes.Type(value = SessionEvent.PlanMade.class, name = "plan_made"),
  @JsonSubTypes.Type(value = SessionEvent.CallPending.class, name = "call_pending"),
  @JsonSubTypes.Type(value = SessionEvent.CallTakenUp.class, name = "call_taken_up"),
  @JsonSubTypes.Type(value = SessionEvent.SessionHandedOff.class, name = "session_handed_off"),
  @JsonSubTypes.Type(value = SessionEvent.EndToTell.class, name = "end_to_tell"),
  @JsonSubTypes.Type(value = SessionEvent.StopToTell.class, name = "stop_to_tell"),
  @JsonSubTypes.Type(value = SessionEvent.TimerDone.class, name = "timer_done")
})
public sealed interface SessionEvent extends JournalEvent {
  /** An accepted turn that is not finished by then is taken up again, wherever its session then lives. */
  Duration RESUME_AFTER = Duration.ofSeconds(5);

  /** A pending call is looked after again by then, should nobody have said that its turn has ended. */
  Duration LOOK_AFTER = Duration.ofMinutes(10);

  private static TimerChange resume(String turn, Instant at) {
    return new TimerChange.Set("turn/" + turn, at.plus(RESUME_AFTER));
  }

  /** The durable timer of a pending call. */
  static String pendingTimer(String turn, int call) {
    return "pending/" + turn + "/" + call;
  }

  /** The durable timer of {@link EndToTell}. */
  static String endTimer(String turn) {
    return "end/" + turn;
  }

  /** The durable timer of {@link StopToTell}. */
  static String stopTimer(String turn, int call) {
    return "stop/" + turn + "/" + call;
  }

  /** The durable timer of a call's approval; ends with the call's number. */
  static String approvalTimer(String turn, int call) {
    return "approval/" + turn + "/" + call;
  }

  /**
   * @param agent the agent's name
   * @param subject whose durable things the agent keeps: the principal, or a user of the principal's
   * @param origin the call of another agent's that it was opened for; without, somebody opened it
   */
  record SessionOpened(String agent, String subject, Instant at, Optional<Origin> origin)
      implements SessionEvent {
    public SessionOpened {
      // Version 1 had none.
      origin = Objects.requireNonNullElse(origin, Optional.empty());
    }

    SessionOpened(String agent, String subject, Instant at) {
      this(agent, subject, at, Optional.empty());
    }
  }

  record TurnAccepted(String turn, List<ContentPart> content, Instant at) implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(resume(turn, at));
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
      return List.of(resume(turn, at));
    }
  }

  /**
   * Recorded before it is acted upon: recovery replays it and never asks the model again.
   *
   * @param cost of its tokens, in billionths, at the price that held then
   * @param millis that were worked on the turn and are in no earlier event
   */
  record ModelReplied(
      String turn,
      ChatReply reply,
      Instant at,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) long cost,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) long millis)
      implements SessionEvent {
    public ModelReplied(String turn, ChatReply reply, Instant at) {
      this(turn, reply, at, 0, 0);
    }
  }

  /**
   * A call waits for a person's word.
   *
   * @param call its number in the turn
   * @param hash of the arguments that are to be approved
   */
  record ApprovalRequested(
      String turn,
      int call,
      String key,
      String tool,
      String arguments,
      String hash,
      Instant expiresAt,
      Instant at)
      implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Set(approvalTimer(turn, call), expiresAt));
    }
  }

  /**
   * Recorded before the call starts: whatever happens then, it is known that it may have had its effect.
   *
   * @param cost in billionths, at the price that held then
   */
  record CallStarted(
      String turn,
      int call,
      String key,
      String tool,
      String arguments,
      String hash,
      Instant at,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) long cost)
      implements SessionEvent {
    public CallStarted(
        String turn, int call, String key, String tool, String arguments, String hash, Instant at) {
      this(turn, call, key, tool, arguments, hash, at, 0);
    }
  }

  /**
   * A call's receipt.
   *
   * @param status {@code SUCCEEDED} or {@code FAILED}
   */
  record CallEnded(
      String turn,
      int call,
      String key,
      String tool,
      String arguments,
      Call.Status status,
      String text,
      String structured,
      String error,
      Instant at)
      implements SessionEvent {}

  /**
   * A call started and has no receipt; only a person can say what came of it.
   *
   * @param decision which of the decisions about the call is waited for
   */
  record CallUnknown(
      String turn,
      int call,
      int decision,
      String tool,
      String arguments,
      String hash,
      String reason,
      Instant at)
      implements SessionEvent {}

  /** @param resumes whether the turn goes on with it */
  record CallDecided(String turn, int call, Decision decision, boolean resumes)
      implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      TimerChange decided = new TimerChange.Cleared(approvalTimer(turn, call));
      return resumes ? List.of(decided, resume(turn, decision.at())) : List.of(decided);
    }
  }

  /**
   * The turn can do nothing until a person does something.
   *
   * @param answer what it waits for, for the principal
   * @param millis that were worked on the turn and are in no earlier event
   */
  record TurnSuspended(
      String turn,
      String answer,
      Instant at,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) long millis)
      implements SessionEvent {
    public TurnSuspended(String turn, String answer, Instant at) {
      this(turn, answer, at, 0);
    }

    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared("turn/" + turn));
    }
  }

  /**
   * @param status how it ended
   * @param calls those that are recorded with the turn's end
   * @param error the error's code when it failed; else empty
   * @param millis that were worked on the turn and are in no earlier event
   * @param exceeded the limit that stopped it
   */
  record TurnFinished(
      String turn,
      Turn.Status status,
      String answer,
      List<Call> calls,
      String error,
      Instant at,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) long millis,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) Optional<Exceeded> exceeded)
      implements SessionEvent {
    public TurnFinished {
      exceeded = Objects.requireNonNullElse(exceeded, Optional.empty());
    }

    public TurnFinished(
        String turn,
        Turn.Status status,
        String answer,
        List<Call> calls,
        String error,
        Instant at) {
      this(turn, status, answer, calls, error, at, 0, Optional.empty());
    }

    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared("turn/" + turn));
    }
  }

  record FeedbackGiven(String turn, Feedback feedback) implements SessionEvent {}

  /** From now on a person answers. */
  record SessionTakenOver(String by, Instant at) implements SessionEvent {}

  /**
   * From now on the agent answers again.
   *
   * @param turns those that waited for the person's answer and go on
   */
  record SessionReleased(String by, List<String> turns, Instant at) implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return turns.stream().map(turn -> resume(turn, at)).toList();
    }
  }

  /**
   * The session may spend so much of its tenant's and its principal's accounts. What it spends from the lease before on is settled with it.
   *
   * @param lease its number, from 1
   * @param granted of each quantity that an account limits
   */
  record BudgetLeased(long lease, Map<Quantity, Long> granted, Instant expiresAt, Instant at)
      implements SessionEvent {
    public BudgetLeased {
      granted = Map.copyOf(granted);
    }
  }

  /** @param used what the accounts are told; nothing, of a lease that was given up before it was recorded */
  record LeaseSettled(long lease, Usage used, Instant at) implements SessionEvent {}

  /** The model has laid out steps; what they are does not change any more. */
  record PlanMade(String turn, Plan plan, Instant at) implements SessionEvent {}

  /**
   * The agent that a call asks has not answered yet.
   *
   * @param text what it waits for, for the principal
   */
  record CallPending(String turn, int call, String text, Instant at) implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Set(pendingTimer(turn, call), at.plus(LOOK_AFTER)));
    }
  }

  /**
   * A pending call is looked after again.
   *
   * @param resumes whether its turn goes on with it; else the wait for it is over
   */
  record CallTakenUp(String turn, int call, boolean resumes, Instant at) implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      TimerChange over = new TimerChange.Cleared(pendingTimer(turn, call));
      return resumes ? List.of(over, resume(turn, at)) : List.of(over);
    }
  }

  /**
   * Another agent goes on with the session, from the next turn on.
   *
   * @param turn the turn in which the agent before said so
   */
  record SessionHandedOff(String turn, int call, String agent, Instant at)
      implements SessionEvent {}

  /** The session whose call the turn was has to hear that it has ended, and is told until it has. */
  record EndToTell(String turn, Instant at) implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Set(endTimer(turn), at.plus(RESUME_AFTER)));
    }
  }

  /** The session of a call that its turn left has to hear that it shall stop, and is told until it has. */
  record StopToTell(String turn, int call, Instant at) implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Set(stopTimer(turn, call), at.plus(RESUME_AFTER)));
    }
  }

  /** What a durable timer was there for is done, or nothing waits for it any more. */
  record TimerDone(String timer, Instant at) implements SessionEvent {
    @Override
    public List<TimerChange> timerChanges() {
      return List.of(new TimerChange.Cleared(timer));
    }
  }
}
