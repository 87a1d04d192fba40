package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.journal.TimerChange;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DelegationTest {
  private static final Instant NOW = Instant.parse("2026-11-23T20:00:00Z");
  private static final SessionKey SESSION = new SessionKey("local", "alice", "s");
  private static final ToolTraits ASKING =
      new ToolTraits(false, true, false, Duration.ofMinutes(1), 1);
  private static final AgentDefinition FRONT =
      TestAgent.named("front").asks("billing", ASKING).handsOffTo("billing").definition();
  private static final Call ASK =
      Call.planned("local/alice/s/t/a", 0, "ask_billing", "{\"message\":\"hi\"}");

  @Test
  void shouldGiveACallTheSameTurnWheneverItIsMade() {
    SessionKey session = Delegation.session(SESSION, ASK);
    assertThat(session).isEqualTo(Delegation.session(SESSION, ASK.started()));
    assertThat(session.principal()).isEqualTo("alice");
    assertThat(session.session()).matches("sub-[0-9a-f]{40}");
    Call other = Call.planned("local/alice/s/t/1#a", 1, "ask_billing", "{}");
    assertThat(Delegation.session(SESSION, other)).isNotEqualTo(session);
    assertThat(Delegation.message(ASK)).contains("hi");
    assertThat(Delegation.message(other)).isEmpty();
  }

  @Test
  void shouldRefuseAgentsThatAskInACircleOrTooDeep() {
    Origin second = new Origin("s", "t", 0, List.of("front", "billing"));
    assertThat(Delegation.refusal(second, "archive", 2)).isEmpty();
    assertThat(Delegation.refusal(second, "archive", 1).orElseThrow())
        .contains("at most 1", "llmagentos.agent.delegation-depth", "front > billing > archive");
    assertThat(Delegation.refusal(second, "front", 9).orElseThrow())
        .contains("'front' is being answered already", "front > billing > front");
  }

  @Test
  void shouldTellWhoAskedWhomAcrossSessions() {
    SessionState asked = SessionState.EMPTY.apply(new SessionEvent.SessionOpened(
        "billing",
        "alice",
        NOW,
        java.util.Optional.of(new Origin("local/alice/first", "t", 0, List.of("front")))));
    SessionState turn = asked.apply(new SessionEvent.TurnAccepted("t", List.of(), NOW));
    assertThat(Delegation.origin(SESSION, turn, turn.turn("t").orElseThrow(), ASK))
        .isEqualTo(new Origin("local/alice/s", "t", 0, List.of("front", "billing")));
  }

  @Test
  void shouldWaitWithTheOtherAgentAndGoOnWhenItHasEnded() {
    SessionState started = started();
    assertThat(action(started).kind())
        .as("made again after a crash: it is the same turn")
        .isEqualTo(NextStep.Action.Kind.REPEAT);
    SessionEvent.CallPending pending =
        new SessionEvent.CallPending("t", 0, "refund waits for a person's approval.", NOW);
    assertThat(pending.timerChanges())
        .containsExactly(new TimerChange.Set("pending/t/0", NOW.plusSeconds(600)));
    SessionState waiting = started.apply(pending);
    NextStep.Suspend suspend = (NextStep.Suspend) next(waiting);
    assertThat(suspend.answer()).isEqualTo("refund waits for a person's approval.");
    waiting = waiting.apply(new SessionEvent.TurnSuspended("t", suspend.answer(), NOW));
    assertThat(waiting.awaitingAnswer()).as("it waits for no operator's answer").isEmpty();
    assertThat(waiting.current()).as("others go on").isEmpty();

    List<SessionEvent> up = Delegation.ended(turn(waiting), 0, NOW);
    assertThat(up).containsExactly(new SessionEvent.CallTakenUp("t", 0, true, NOW));
    SessionState goesOn = waiting.apply(up.getFirst());
    assertThat(turn(goesOn).isRunning()).isTrue();
    assertThat(action(goesOn).kind()).isEqualTo(NextStep.Action.Kind.REPEAT);
    assertThat(Delegation.ended(turn(goesOn), 0, NOW)).as("told again").isEmpty();
    assertThat(Delegation.due(turn(waiting), "pending/t/0", NOW)).isEqualTo(up);
    assertThat(Delegation.due(turn(waiting), "pending/t/1", NOW)).isEmpty();
  }

  @Test
  void shouldLeaveTheOtherAgentWhenItsTurnIsStopped() {
    SessionState waiting = started()
        .apply(new SessionEvent.CallPending("t", 0, "waits", NOW))
        .apply(new SessionEvent.TurnSuspended("t", "waits", NOW));
    List<SessionEvent> left = Ledger.leave(turn(waiting), FRONT.external(), NOW);
    assertThat(left).hasSize(1);
    assertThat(((SessionEvent.CallTakenUp) left.getFirst()).timerChanges())
        .containsExactly(new TimerChange.Cleared("pending/t/0"));
    SessionState stopped = waiting
        .apply(left.getFirst())
        .apply(new SessionEvent.TurnFinished(
            "t", Turn.Status.STOPPED, "Stopped.", List.of(), "stopped", NOW));
    SessionEvent.StopToTell stop = new SessionEvent.StopToTell("t", 0, NOW);
    assertThat(Delegation.leave(turn(waiting), Map.of(), NOW))
        .as("also when the agent is not defined any more")
        .containsExactly(stop);
    assertThat(Delegation.leave(turn(started()), FRONT.agents(), NOW)).containsExactly(stop);
    assertThat(Delegation.leave(turn(started()), Map.of(), NOW)).isEmpty();
    assertThat(Delegation.leave(turn(stopped), FRONT.agents(), NOW)).isEmpty();
    assertThat(stop.timerChanges())
        .containsExactly(new TimerChange.Set("stop/t/0", NOW.plusSeconds(5)));
    assertThat(stopped.apply(stop).waitsFor("stop/t/0")).isTrue();
    assertThat(stopped.waitsFor("stop/another/0")).isFalse();
    assertThat(Delegation.ended(turn(stopped), 0, NOW)).isEmpty();
    assertThat(Delegation.due(turn(stopped), "pending/t/0", NOW))
        .as("a timer that nobody needs any more is cleared")
        .containsExactly(new SessionEvent.CallTakenUp("t", 0, false, NOW));
  }

  @Test
  void shouldTellTheOneThatAskedOfItsEndUntilItIsHeard() {
    SessionEvent end =
        new SessionEvent.TurnFinished("t", Turn.Status.COMPLETED, "Done.", List.of(), "", NOW);
    SessionState asked = SessionState.EMPTY.apply(new SessionEvent.SessionOpened(
        "billing",
        "alice",
        NOW,
        java.util.Optional.of(new Origin("local/alice/first", "t", 0, List.of("front")))));
    SessionEvent.EndToTell word = new SessionEvent.EndToTell("t", NOW);
    assertThat(Delegation.withWord(asked, List.of(end))).containsExactly(end, word);
    assertThat(Delegation.withWord(started(), List.of(end))).containsExactly(end);
    assertThat(word.timerChanges())
        .containsExactly(new TimerChange.Set("end/t", NOW.plusSeconds(5)));
    assertThat(new SessionEvent.TimerDone("end/t", NOW).timerChanges())
        .containsExactly(new TimerChange.Cleared("end/t"));

    assertThat(Delegation.isFollowed(turn(started()), 0))
        .as("what its node says of it comes yet: it may be that it is pending")
        .isTrue();
    assertThat(Delegation.isFollowed(finished(Turn.Status.STOPPED), 0)).isFalse();
  }

  @Test
  void shouldMakeAnEndOfEveryEndOfTheOthersTurn() {
    Turn turn = turn(started());
    assertThat(Delegation.outcome(ASK, turn)).isInstanceOf(CallOutcome.Pending.class);
    assertThat(Delegation.outcome(ASK, finished(Turn.Status.COMPLETED)))
        .isEqualTo(CallOutcome.Ended.succeeded(
            "Done.", "{\"status\":\"completed\",\"answer\":\"Done.\"}"));
    for (Turn.Status status : List.of(Turn.Status.FAILED, Turn.Status.STOPPED)) {
      assertThat(Delegation.outcome(ASK, finished(status)))
          .isEqualTo(CallOutcome.Ended.failed("Done.", "tool_failed"));
    }
  }

  @Test
  void shouldHandTheNextTurnsToTheOtherAgentAndKeepTheFormer() {
    SessionState state = asked("hand_off_to_billing")
        .apply(new SessionEvent.TurnAccepted("queued", ContentPart.text("next"), NOW));
    assertThat(((NextStep.AskModel) next(SessionState.EMPTY
                .apply(new SessionEvent.SessionOpened("front", "alice", NOW))
                .apply(new SessionEvent.TurnAccepted("t", ContentPart.text("go"), NOW))))
            .request()
            .tools())
        .extracting(ToolSpecification::name)
        .containsExactly("ask_billing", "hand_off_to_billing");
    NextStep.Action action = action(state);
    assertThat(action.kind()).isEqualTo(NextStep.Action.Kind.HAND_OFF);
    for (SessionEvent event : Ledger.handOff(turn(state), action.call(), "billing", NOW)) {
      state = state.apply(event);
    }
    assertThat(next(state))
        .isEqualTo(new NextStep.Answer("'billing' goes on with the next message."));
    state = state.apply(new SessionEvent.TurnAccepted("later", ContentPart.text("more"), NOW));
    assertThat(state.serving()).isEqualTo("billing");
    assertThat(state.agent()).as("as it was opened").isEqualTo("front");
    assertThat(state.serving(turn(state))).isEqualTo("front");
    assertThat(state.serving(state.turn("queued").orElseThrow())).isEqualTo("billing");
    assertThat(state.serving(state.turn("later").orElseThrow())).isEqualTo("billing");
    SessionState back = state.apply(new SessionEvent.SessionHandedOff("queued", 0, "front", NOW));
    assertThat(back.serving()).isEqualTo("front");
    assertThat(back.serving(back.turn("later").orElseThrow())).isEqualTo("front");
  }

  private static Turn finished(Turn.Status status) {
    return turn(
        started().apply(new SessionEvent.TurnFinished("t", status, "Done.", List.of(), "", NOW)));
  }

  private static SessionState started() {
    SessionState asked = asked("ask_billing");
    NextStep.Action action = action(asked);
    assertThat(action.kind()).isEqualTo(NextStep.Action.Kind.START);
    return asked.apply(Ledger.start(turn(asked), action.call(), 0, NOW));
  }

  private static SessionState asked(String tool) {
    return SessionState.EMPTY
        .apply(new SessionEvent.SessionOpened("front", "alice", NOW))
        .apply(new SessionEvent.TurnAccepted("t", ContentPart.text("go"), NOW))
        .apply(new SessionEvent.ModelReplied(
            "t",
            new ChatReply(
                "nano",
                "v1",
                "",
                List.of(new ToolCall("a", tool, "{\"message\":\"hi\"}")),
                ChatReply.FinishReason.TOOL_CALLS,
                new ChatReply.Usage(1, 1),
                List.of(),
                List.of()),
            NOW));
  }

  private static Turn turn(SessionState state) {
    return state.turn("t").orElseThrow();
  }

  private static NextStep next(SessionState state) {
    return NextStep.of(SESSION, state, turn(state), FRONT);
  }

  private static NextStep.Action action(SessionState state) {
    return ((NextStep.Act) next(state)).actions().getFirst();
  }
}
