package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.http.Api;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SessionEventTest {
  /** As the journal's. */
  private static final ObjectMapper JSON =
      Api.JSON.copy().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");
  private static final List<ContentPart> HELLO = ContentPart.text("hello");
  private static final List<Message> HISTORY = List.of(
      new Message("system", ContentPart.text("Be brief."), List.of(), ""),
      new Message("assistant", List.of(), List.of(new ToolCall("c", "f", "{}")), ""),
      new Message("tool", ContentPart.text("done"), List.of(), "c"));

  @Test
  void shouldReadWhatVersionOneWrote() throws Exception {
    SessionEvent event = JSON.readValue("""
        {"type":"turn_accepted","turn":"t","content":[{"type":"text","text":"hello"}],"at":"2026-01-01T00:00:00Z"}""", SessionEvent.class);
    assertThat(event).isEqualTo(new SessionEvent.TurnAccepted("t", HELLO, AT));
    assertThat(JSON.readValue("""
        {"type":"session_opened","agent":"assistant","subject":"local","at":"2026-01-01T00:00:00Z"}""", SessionEvent.class))
        .isEqualTo(new SessionEvent.SessionOpened("assistant", "local", AT));
    SessionState state = JSON.readValue("""
        {"version":3,"agent":"assistant","subject":"local","openedAt":"2026-01-01T00:00:00Z","turns":[
          {"id":"t","content":[{"type":"text","text":"hello"}],"acceptedAt":"2026-01-01T00:00:00Z","acceptedAtVersion":2,
           "status":"completed","reply":null,"answer":"Hi.","calls":[],"error":"","finishedAtVersion":3}]}""", SessionState.class);
    assertThat(state.turns().getFirst().history()).isEmpty();
    assertThat(state.turns().getFirst().finishedAt()).isEqualTo(Instant.EPOCH);
    assertThat(state.turns().getFirst().replies()).isEmpty();
    assertThat(state.operator()).isEmpty();
  }

  @Test
  void shouldReadTheReplyAndTheCallOfATurnBeforeThereWasALedger() throws Exception {
    SessionState state = JSON.readValue("""
        {"version":4,"agent":"assistant","subject":"local","openedAt":"2026-01-01T00:00:00Z","turns":[
          {"id":"t","content":[{"type":"text","text":"hello"}],"acceptedAt":"2026-01-01T00:00:00Z","acceptedAtVersion":2,
           "status":"completed","reply":{"model":"nano","weightVersion":"w","text":"","toolCalls":[{"id":"call_0","name":"alarm_set","arguments":"{}"}],
             "finishReason":"TOOL_CALLS","usage":{"promptTokens":1,"completionTokens":2},"tokenIds":[],"logProbs":[]},
           "answer":"Set.","calls":[{"key":"k","name":"alarm_set","arguments":"{}","result":"Set."}],"error":"","finishedAtVersion":4,
           "history":null,"finishedAt":"2026-01-01T00:00:00Z"}]}""", SessionState.class);
    Turn turn = state.turns().getFirst();
    assertThat(turn.replies()).hasSize(1);
    assertThat(turn.replies().getFirst().toolCalls().getFirst().name()).isEqualTo("alarm_set");
    assertThat(turn.calls())
        .containsExactly(
            Call.planned("k", 0, "alarm_set", "{}").ended(Call.Status.SUCCEEDED, "Set.", "", ""));
    SessionEvent finished = JSON.readValue("""
        {"type":"turn_finished","turn":"t","status":"completed","answer":"Set.","calls":[{"key":"k","name":"alarm_set","arguments":"{}","result":"Set."}],
         "error":"","at":"2026-01-01T00:00:00Z"}""", SessionEvent.class);
    assertThat(((SessionEvent.TurnFinished) finished).calls()).isEqualTo(turn.calls());
  }

  /** The bytes outlive the code: what is written here once must be read for ever. */
  @ParameterizedTest
  @MethodSource("ledger")
  void shouldWriteTheLedgerAsItAlwaysDid(SessionEvent event, String json) throws Exception {
    assertThat(JSON.readTree(JSON.writerFor(SessionEvent.class).writeValueAsString(event)))
        .isEqualTo(JSON.readTree(json));
    assertThat(JSON.readValue(json, SessionEvent.class)).isEqualTo(event);
  }

  static Stream<Arguments> ledger() {
    Decision decision = new Decision(Decision.Kind.APPROVED, "h", "{}", "ok", "carol", AT);
    return Stream.of(
        Arguments.of(
            new SessionEvent.ApprovalRequested("t", 1, "k", "refund", "{}", "h", AT, AT), """
            {"type":"approval_requested","turn":"t","call":1,"key":"k","tool":"refund","arguments":"{}","hash":"h","expiresAt":"2026-01-01T00:00:00Z",
             "at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.CallStarted("t", 1, "k", "refund", "{}", "h", AT), """
            {"type":"call_started","turn":"t","call":1,"key":"k","tool":"refund","arguments":"{}","hash":"h","at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(
            new SessionEvent.CallEnded(
                "t", 1, "k", "refund", "{}", Call.Status.SUCCEEDED, "done", "1", "", AT),
            """
            {"type":"call_ended","turn":"t","call":1,"key":"k","tool":"refund","arguments":"{}","status":"succeeded","text":"done","structured":"1",
             "error":"","at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.CallUnknown("t", 1, 0, "refund", "{}", "h", "lost", AT), """
            {"type":"call_unknown","turn":"t","call":1,"decision":0,"tool":"refund","arguments":"{}","hash":"h","reason":"lost","at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.CallDecided("t", 1, decision, true), """
            {"type":"call_decided","turn":"t","call":1,"decision":{"kind":"approved","hash":"h","arguments":"{}","text":"ok","by":"carol",
             "at":"2026-01-01T00:00:00Z"},"resumes":true}"""),
        Arguments.of(new SessionEvent.TurnSuspended("t", "waits", AT), """
            {"type":"turn_suspended","turn":"t","answer":"waits","at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.FeedbackGiven("t", new Feedback(1, "good", "bob", AT)), """
            {"type":"feedback_given","turn":"t","feedback":{"rating":1,"text":"good","by":"bob","at":"2026-01-01T00:00:00Z"}}"""),
        Arguments.of(new SessionEvent.SessionTakenOver("carol", AT), """
            {"type":"session_taken_over","by":"carol","at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.SessionReleased("carol", List.of("t"), AT), """
            {"type":"session_released","by":"carol","turns":["t"],"at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(
            new SessionEvent.PlanMade(
                "t", new Plan(1, 2, List.of(new Plan.Step("a", "refund", "{}", List.of("b")))), AT),
            """
            {"type":"plan_made","turn":"t","plan":{"call":1,"first":2,"steps":[{"id":"a","tool":"refund","arguments":"{}","after":["b"]}]},
             "at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.CallPending("t", 1, "waits", AT), """
            {"type":"call_pending","turn":"t","call":1,"text":"waits","at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.CallTakenUp("t", 1, true, AT), """
            {"type":"call_taken_up","turn":"t","call":1,"resumes":true,"at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.SessionHandedOff("t", 1, "billing", AT), """
            {"type":"session_handed_off","turn":"t","call":1,"agent":"billing","at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.EndToTell("t", AT), """
            {"type":"end_to_tell","turn":"t","at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.StopToTell("t", 1, AT), """
            {"type":"stop_to_tell","turn":"t","call":1,"at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(new SessionEvent.TimerDone("stop/t/1", AT), """
            {"type":"timer_done","timer":"stop/t/1","at":"2026-01-01T00:00:00Z"}"""),
        Arguments.of(
            new SessionEvent.SessionOpened(
                "billing",
                "local",
                AT,
                Optional.of(new Origin("local/local/s", "t", 1, List.of("front")))),
            """
            {"type":"session_opened","agent":"billing","subject":"local","at":"2026-01-01T00:00:00Z",
             "origin":{"session":"local/local/s","turn":"t","call":1,"agents":["front"]}}"""));
  }

  @Test
  void shouldReadASnapshotWithALedgerAsItWasWritten() throws Exception {
    SessionState state = SessionState.EMPTY
        .apply(new SessionEvent.SessionOpened("a", "local", AT))
        .apply(new SessionEvent.TurnAccepted("t", HELLO, AT))
        .apply(new SessionEvent.ApprovalRequested("t", 0, "k", "refund", "{}", "h", AT, AT))
        .apply(new SessionEvent.TurnSuspended("t", "waits", AT))
        .apply(new SessionEvent.CallDecided(
            "t", 0, new Decision(Decision.Kind.DENIED, "h", "{}", "no", "carol", AT), true))
        .apply(new SessionEvent.TurnFinished("t", Turn.Status.COMPLETED, "No.", List.of(), "", AT))
        .apply(new SessionEvent.FeedbackGiven("t", new Feedback(-1, "", "bob", AT)))
        .apply(new SessionEvent.SessionTakenOver("carol", AT));
    assertThat(JSON.readValue(JSON.writeValueAsString(state), SessionState.class))
        .isEqualTo(state);
  }

  @Test
  void shouldKeepWhatAPersonHasToDecideHoweverManyTurnsFollow() {
    SessionState state = SessionState.EMPTY
        .apply(new SessionEvent.SessionOpened("a", "local", AT))
        .apply(new SessionEvent.TurnAccepted("waits", HELLO, AT))
        .apply(new SessionEvent.ApprovalRequested("waits", 0, "k", "refund", "{}", "h", AT, AT))
        .apply(new SessionEvent.TurnSuspended("waits", "waits", AT));
    for (int i = 0; i < SessionState.KEPT_TURNS + 10; i++) {
      state = state
          .apply(new SessionEvent.TurnAccepted("t" + i, HELLO, AT))
          .apply(new SessionEvent.TurnFinished(
              "t" + i, Turn.Status.COMPLETED, "Hi.", List.of(), "", AT));
    }
    assertThat(state.turns()).hasSize(SessionState.KEPT_TURNS);
    assertThat(state.turn("waits")).isPresent();
    assertThat(state.turn("t0")).isEmpty();
  }

  @Test
  void shouldReadACompletionAsItWasWritten() throws Exception {
    SessionEvent event =
        new SessionEvent.CompletionAccepted("t", "assistant", "local", HISTORY, HELLO, AT);
    String json = JSON.writerFor(SessionEvent.class).writeValueAsString(event);
    assertThat(json).contains("\"type\":\"completion_accepted\"");
    assertThat(JSON.readValue(json, SessionEvent.class)).isEqualTo(event);
    SessionState state = SessionState.EMPTY.apply(event);
    assertThat(JSON.readValue(JSON.writeValueAsString(state), SessionState.class))
        .isEqualTo(state);
  }

  @Test
  void shouldKnowARepeatedCompletionWithinTheWindowOnly() {
    Duration window = Duration.ofSeconds(30);
    SessionState running = SessionState.EMPTY.apply(
        new SessionEvent.CompletionAccepted("t", "assistant", "local", HISTORY, HELLO, AT));
    assertThat(running.isOpen()).isTrue();
    assertThat(running.repeated(HISTORY, HELLO, AT.plusSeconds(1_000), window)).isPresent();
    SessionState ended = running.apply(new SessionEvent.TurnFinished(
        "t", Turn.Status.COMPLETED, "Hi.", List.of(), "", AT.plusSeconds(10)));
    assertThat(ended.repeated(HISTORY, HELLO, AT.plusSeconds(39), window)).isPresent();
    assertThat(ended.repeated(HISTORY, HELLO, AT.plusSeconds(40), window)).isEmpty();
    assertThat(ended.repeated(List.of(), HELLO, AT.plusSeconds(11), window)).isEmpty();
    assertThat(ended.repeated(HISTORY, ContentPart.text("bye"), AT.plusSeconds(11), window))
        .isEmpty();
  }

  @Test
  void shouldAskTheModelWithTheGivenHistoryAndNoOther() {
    SessionState state = SessionState.EMPTY
        .apply(new SessionEvent.CompletionAccepted("t1", "a", "local", HISTORY, HELLO, AT))
        .apply(new SessionEvent.TurnFinished("t1", Turn.Status.COMPLETED, "Hi.", List.of(), "", AT))
        .apply(new SessionEvent.CompletionAccepted("t2", "a", "local", HISTORY, HELLO, AT));
    AgentDefinition agent =
        TestAgent.named("a").model("m").instructions("Serve.").definition();
    NextStep step = NextStep.of(
        new SessionKey("local", "local", "s"), state, state.turn("t2").orElseThrow(), agent);
    assertThat(((NextStep.AskModel) step).request().messages())
        .containsExactly(
            ChatMessage.system("Serve."),
            ChatMessage.system("Be brief."),
            new ChatMessage("assistant", "", List.of(new ToolCall("c", "f", "{}")), ""),
            new ChatMessage("tool", "done", List.of(), "c"),
            ChatMessage.user("hello"));
  }
}
