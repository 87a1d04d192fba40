package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.envelope.ContentPart;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NextStepTest {
  private static final Instant NOW = Instant.parse("2026-11-23T20:00:00Z");
  private static final AgentDefinition ASSISTANT = new AgentDefinition(
      "assistant",
      "",
      "nano",
      "Be brief.",
      List.of(new ToolSpecification("alarm_set", "Sets an alarm.", "{}")),
      Map.of("greeting", "Hello!"),
      Map.of("book_flight", "booking a flight"),
      "Out of scope.",
      "Nothing is connected for {what}.");

  @Test
  void shouldAskTheModelWithWhatWasSaidBefore() {
    SessionState state = opened()
        .apply(accepted("t1", "hello"))
        .apply(new SessionEvent.TurnFinished(
            "t1", Turn.Status.COMPLETED, "Hello.", List.of(), "", NOW))
        .apply(accepted("t2", "wake me up"));

    NextStep step = next(state, "t2");

    assertThat(step).isInstanceOf(NextStep.AskModel.class);
    assertThat(((NextStep.AskModel) step).request().messages())
        .containsExactly(
            ChatMessage.system("Be brief."),
            ChatMessage.user("hello"),
            ChatMessage.assistant("Hello."),
            ChatMessage.user("wake me up"));
    assertThat(((NextStep.AskModel) step).request().tools().stream().map(ToolSpecification::name))
        .containsExactly("alarm_set", "book_flight", "greeting");
  }

  @Test
  void shouldNotAskAgainForARecordedReply() {
    ToolCall call = new ToolCall("call_0", "alarm_set", "{}");
    SessionState state =
        opened().apply(accepted("t1", "wake me up")).apply(replied("t1", "", call));

    assertThat(next(state, "t1")).isEqualTo(new NextStep.CallTool(call));
  }

  @Test
  void shouldSayThatNothingIsConnected() {
    SessionState state = opened()
        .apply(accepted("t1", "to mars"))
        .apply(replied("t1", "", new ToolCall("call_0", "book_flight", "{}")));

    assertThat(next(state, "t1"))
        .isEqualTo(new NextStep.Answer("Nothing is connected for booking a flight.", List.of()));
  }

  @Test
  void shouldRefuseWhatIsOutOfScope() {
    SessionState state = opened().apply(accepted("t1", "blah")).apply(replied("t1", ""));

    assertThat(next(state, "t1")).isEqualTo(new NextStep.Answer("Out of scope.", List.of()));
  }

  private static NextStep next(SessionState state, String turn) {
    return NextStep.of(state, state.turn(turn).orElseThrow(), ASSISTANT);
  }

  private static SessionState opened() {
    return SessionState.EMPTY.apply(new SessionEvent.SessionOpened("assistant", "alice", NOW));
  }

  private static SessionEvent accepted(String turn, String text) {
    return new SessionEvent.TurnAccepted(turn, ContentPart.text(text), NOW);
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
