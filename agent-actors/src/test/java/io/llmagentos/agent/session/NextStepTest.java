package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.session.NextStep.Action;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.envelope.ContentPart;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NextStepTest {
  private static final Instant NOW = Instant.parse("2026-11-23T20:00:00Z");
  private static final SessionKey SESSION = new SessionKey("local", "alice", "s");
  private static final ToolTraits ASKS_FIRST =
      new ToolTraits(false, false, true, Duration.ofSeconds(1), 1);
  private static final AgentDefinition ASSISTANT = agent(1);
  private static final AgentDefinition CLERK = agent(3);

  private static AgentDefinition agent(int rounds) {
    return TestAgent.named("assistant")
        .instructions("Be brief.")
        .tool("alarm_set", "{}")
        .tool("look_up", "{}", ToolTraits.READ_ONLY)
        .tool("charge", "{}", ToolTraits.EFFECT)
        .tool("refund", "{}", ASKS_FIRST)
        .says("greeting", "Hello!")
        .understands("book_flight", "booking a flight")
        .rounds(rounds)
        .definition();
  }

  @Test
  void shouldAskTheModelWithWhatWasSaidBefore() {
    SessionState state = opened()
        .apply(accepted("t1", "hello"))
        .apply(new SessionEvent.TurnFinished(
            "t1", Turn.Status.COMPLETED, "Hello.", List.of(), "", NOW))
        .apply(accepted("t2", "wake me up"));

    NextStep step = next(state, "t2");

    assertThat(messages(step))
        .containsExactly(
            ChatMessage.system("Be brief."),
            ChatMessage.user("hello"),
            ChatMessage.assistant("Hello."),
            ChatMessage.user("wake me up"));
    assertThat(((NextStep.AskModel) step).request().tools().stream().map(ToolSpecification::name))
        .containsExactly("alarm_set", "look_up", "charge", "refund", "book_flight", "greeting");
  }

  @Test
  void shouldNotAskAgainForARecordedReply() {
    SessionState state = opened()
        .apply(accepted("t1", "wake me up"))
        .apply(replied("t1", "", new ToolCall("call_0", "alarm_set", "{}")));

    assertThat(next(state, "t1"))
        .isEqualTo(new NextStep.Act(List.of(new Action(
            Action.Kind.PERSONAL, Call.planned("local/alice/s/t1/call_0", 0, "alarm_set", "{}")))));
  }

  @Test
  void shouldMakeTheCallThatATurnIsWithoutAModel() {
    AgentDefinition bare = TestAgent.named("tools")
        .model("")
        .tool("charge", "{\"type\":\"object\"}", ToolTraits.EFFECT)
        .definition();
    GivenCall given = GivenCall.of("charge", Map.of("b", 1, "a", "x"));
    SessionState state = opened().apply(new SessionEvent.TurnAccepted("t1", given.content(), NOW));
    assertThat(NextStep.of(SESSION, state, state.turn("t1").orElseThrow(), bare))
        .isEqualTo(new NextStep.Act(List.of(new Action(
            Action.Kind.START,
            Call.planned("local/alice/s/t1/call", 0, "charge", "{\"a\":\"x\",\"b\":1}")))));

    SessionState started = state.apply(started("t1", 0, "charge"));
    assertThat(kinds(NextStep.of(SESSION, started, started.turn("t1").orElseThrow(), bare)))
        .as("its node was lost")
        .containsExactly(Action.Kind.DOUBT);
  }

  @Test
  void shouldSayThatNothingIsConnected() {
    SessionState state = opened()
        .apply(accepted("t1", "to mars"))
        .apply(replied("t1", "", new ToolCall("call_0", "book_flight", "{}")));

    assertThat(next(state, "t1"))
        .isEqualTo(new NextStep.Answer("Nothing is connected for booking a flight."));
  }

  @Test
  void shouldRefuseWhatIsOutOfScope() {
    SessionState state = opened().apply(accepted("t1", "blah")).apply(replied("t1", ""));

    assertThat(next(state, "t1")).isEqualTo(new NextStep.Answer("Out of scope."));
  }

  @Test
  void shouldDoWithEachCallOfAReplyWhatItsToolAllows() {
    SessionState state = threeCalls();
    assertThat(kinds(next(state, "t1")))
        .containsExactly(Action.Kind.START, Action.Kind.START, Action.Kind.ASK_APPROVAL);

    SessionState started =
        state.apply(started("t1", 0, "look_up")).apply(started("t1", 1, "charge"));
    assertThat(kinds(next(started, "t1")))
        .as("interrupted calls: the one that changes nothing is made again, the other never")
        .containsExactly(Action.Kind.REPEAT, Action.Kind.DOUBT, Action.Kind.ASK_APPROVAL);
  }

  @Test
  void shouldWaitForPeopleOnlyOnceNothingElseCanBeDone() {
    SessionState asked = threeCalls()
        .apply(asked("t1", 2, "refund"))
        .apply(started("t1", 0, "look_up"))
        .apply(started("t1", 1, "charge"))
        .apply(ended("t1", 0, "look_up", Call.Status.SUCCEEDED, "found"));
    assertThat(kinds(next(asked, "t1"))).containsExactly(Action.Kind.DOUBT);

    SessionState unknown = asked.apply(
        new SessionEvent.CallUnknown("t1", 1, 0, "charge", "{}", Call.hash("{}"), "It hung.", NOW));
    assertThat(((NextStep.Suspend) next(unknown, "t1")).answer())
        .contains("refund waits for a person's approval", "charge took place", "It hung.");

    SessionState approved = unknown
        .apply(new SessionEvent.TurnSuspended("t1", "waits", NOW))
        .apply(decided("t1", 2, Decision.Kind.APPROVED, "{\"amount\":1}"));
    assertThat(approved.turn("t1").orElseThrow().isRunning()).isTrue();
    NextStep.Act act = (NextStep.Act) next(approved, "t1");
    assertThat(act.actions()).hasSize(1);
    assertThat(act.actions().getFirst().kind()).isEqualTo(Action.Kind.START);
    assertThat(act.actions().getFirst().call().arguments()).isEqualTo("{\"amount\":1}");
  }

  @Test
  void shouldAskTheModelAgainWithTheResultsUntilTheRoundsAreOver() {
    SessionState round = opened()
        .apply(accepted("t1", "do"))
        .apply(replied(
            "t1",
            "Let me see.",
            new ToolCall("a", "look_up", "{}"),
            new ToolCall("b", "charge", "{}"),
            new ToolCall("c", "book_flight", "{}")))
        .apply(ended("t1", 0, "look_up", Call.Status.SUCCEEDED, "found"))
        .apply(ended("t1", 1, "charge", Call.Status.FAILED, "no money"));
    NextStep step = NextStep.of(SESSION, round, round.turn("t1").orElseThrow(), CLERK);
    assertThat(messages(step).subList(1, 6))
        .containsExactly(
            ChatMessage.user("do"),
            new ChatMessage(
                "assistant",
                "Let me see.",
                round.turn("t1").orElseThrow().replies().getFirst().toolCalls(),
                ""),
            new ChatMessage("tool", "found", List.of(), "a"),
            new ChatMessage("tool", "error: no money", List.of(), "b"),
            new ChatMessage(
                "tool", "error: Nothing is connected for booking a flight.", List.of(), "c"));

    assertThat(next(round, "t1"))
        .as("the shipped assistant's model is asked once")
        .isEqualTo(
            new NextStep.Answer(
                "found\nSorry, that did not work: no money\nNothing is connected for booking a flight."));
    SessionState second = round.apply(replied("t1", "", new ToolCall("a", "alarm_set", "{}")));
    NextStep.Act act =
        (NextStep.Act) NextStep.of(SESSION, second, second.turn("t1").orElseThrow(), CLERK);
    assertThat(act.actions().getFirst().call())
        .as("a call is known by its number in the turn: models reuse their ids")
        .isEqualTo(Call.planned("local/alice/s/t1/3#a", 3, "alarm_set", "{}"));
  }

  @Test
  void shouldFailWhenEveryCallDid() {
    SessionState state = opened()
        .apply(accepted("t1", "do"))
        .apply(replied("t1", "", new ToolCall("a", "charge", "{}")))
        .apply(ended("t1", 0, "charge", Call.Status.FAILED, "no money"));
    assertThat(next(state, "t1"))
        .isEqualTo(new NextStep.Answer(
            "Sorry, that did not work: no money", Turn.Status.FAILED, "tool_failed"));
  }

  @Test
  void shouldAskNoModelWhileAPersonHasTheSession() {
    SessionState taken = opened()
        .apply(new SessionEvent.SessionTakenOver("carol", NOW))
        .apply(accepted("t1", "hello"));
    assertThat(next(taken, "t1")).isEqualTo(new NextStep.Suspend("A person will answer."));
    SessionState waiting = taken.apply(new SessionEvent.TurnSuspended("t1", "waits", NOW));
    assertThat(waiting.awaitingAnswer()).containsExactly("t1");
    SessionState back =
        waiting.apply(new SessionEvent.SessionReleased("carol", List.of("t1"), NOW));
    assertThat(next(back, "t1")).isInstanceOf(NextStep.AskModel.class);
  }

  private static SessionState threeCalls() {
    return opened()
        .apply(accepted("t1", "do"))
        .apply(replied(
            "t1",
            "",
            new ToolCall("a", "look_up", "{}"),
            new ToolCall("b", "charge", "{}"),
            new ToolCall("c", "refund", "{}")));
  }

  private static List<ChatMessage> messages(NextStep step) {
    return ((NextStep.AskModel) step).request().messages();
  }

  private static List<Action.Kind> kinds(NextStep step) {
    return ((NextStep.Act) step).actions().stream().map(Action::kind).toList();
  }

  private static NextStep next(SessionState state, String turn) {
    return NextStep.of(SESSION, state, state.turn(turn).orElseThrow(), ASSISTANT);
  }

  private static SessionState opened() {
    return SessionState.EMPTY.apply(new SessionEvent.SessionOpened("assistant", "alice", NOW));
  }

  private static SessionEvent accepted(String turn, String text) {
    return new SessionEvent.TurnAccepted(turn, ContentPart.text(text), NOW);
  }

  private static SessionEvent asked(String turn, int call, String tool) {
    return new SessionEvent.ApprovalRequested(
        turn, call, "k" + call, tool, "{}", Call.hash("{}"), NOW.plusSeconds(60), NOW);
  }

  private static SessionEvent started(String turn, int call, String tool) {
    return new SessionEvent.CallStarted(turn, call, "k" + call, tool, "{}", Call.hash("{}"), NOW);
  }

  private static SessionEvent ended(
      String turn, int call, String tool, Call.Status status, String text) {
    return new SessionEvent.CallEnded(
        turn,
        call,
        "k" + call,
        tool,
        "{}",
        status,
        text,
        "",
        status == Call.Status.FAILED ? "tool_failed" : "",
        NOW);
  }

  private static SessionEvent decided(String turn, int call, Decision.Kind kind, String arguments) {
    return new SessionEvent.CallDecided(
        turn, call, new Decision(kind, Call.hash("{}"), arguments, "", "carol", NOW), true);
  }

  private static SessionEvent replied(String turn, String text, ToolCall... calls) {
    return new SessionEvent.ModelReplied(
        turn,
        new ChatReply(
            "nano",
            "v1",
            text,
            List.of(calls),
            ChatReply.FinishReason.STOP,
            new ChatReply.Usage(1, 1),
            List.of(),
            List.of()),
        NOW);
  }
}
