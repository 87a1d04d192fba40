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
import java.util.Map;
import org.junit.jupiter.api.Test;

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
    SessionState state = JSON.readValue("""
        {"version":3,"agent":"assistant","subject":"local","openedAt":"2026-01-01T00:00:00Z","turns":[
          {"id":"t","content":[{"type":"text","text":"hello"}],"acceptedAt":"2026-01-01T00:00:00Z","acceptedAtVersion":2,
           "status":"completed","reply":null,"answer":"Hi.","calls":[],"error":"","finishedAtVersion":3}]}""", SessionState.class);
    assertThat(state.turns().getFirst().history()).isEmpty();
    assertThat(state.turns().getFirst().finishedAt()).isEqualTo(Instant.EPOCH);
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
        new AgentDefinition("a", "", "m", "Serve.", List.of(), Map.of(), Map.of(), "No.", "No.");
    NextStep step = NextStep.of(state, state.turn("t2").orElseThrow(), agent);
    assertThat(((NextStep.AskModel) step).request().messages())
        .containsExactly(
            ChatMessage.system("Serve."),
            ChatMessage.system("Be brief."),
            new ChatMessage("assistant", "", List.of(new ToolCall("c", "f", "{}")), ""),
            new ChatMessage("tool", "done", List.of(), "c"),
            ChatMessage.user("hello"));
  }
}
