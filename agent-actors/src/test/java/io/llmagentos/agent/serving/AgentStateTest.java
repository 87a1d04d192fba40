package io.llmagentos.agent.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmagentos.agent.personal.ListEvent;
import io.llmagentos.node.http.Api;
import io.llmagentos.node.journal.TimerChange;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class AgentStateTest {
  private static final Instant NOW = Instant.parse("2026-11-23T20:00:00Z");

  @Test
  void shouldKnowACallThatHadItsEffect() {
    AgentState state = AgentState.EMPTY.apply(call("k1", "Created."));

    assertThat(state.answerOf("k1")).contains("Created.");
    assertThat(state.answerOf("k2")).isEmpty();
    assertThat(state.personal().lists()).hasSize(1);
  }

  @Test
  void shouldForgetOnlyTheOldestCalls() {
    AgentState state = AgentState.EMPTY;
    for (int i = 0; i <= AgentState.KEPT_CALLS; i++) {
      state = state.apply(call("k" + i, "Created."));
    }

    assertThat(state.calls()).hasSize(AgentState.KEPT_CALLS);
    assertThat(state.answerOf("k0")).isEmpty();
    assertThat(state.answerOf("k" + AgentState.KEPT_CALLS)).isPresent();
    assertThat(state.version()).isEqualTo(AgentState.KEPT_CALLS + 1);
  }

  @Test
  void shouldClearATimerThatFiredForNothing() {
    AgentEvent fired = new AgentEvent.TimerFired("alarm/gone", List.of(), "", NOW);

    assertThat(fired.timerChanges()).containsExactly(new TimerChange.Cleared("alarm/gone"));
    assertThat(AgentState.EMPTY.apply(fired).notices()).isEmpty();
  }

  @Test
  void shouldReadAnEventThatWasPersistedByTheFirstVersion() throws JsonProcessingException {
    String persisted =
        "{\"type\":\"call_recorded\",\"callKey\":\"k1\",\"tool\":\"lists_createoradd\",\"arguments\":\"{}\","
            + "\"changes\":[{\"type\":\"list-created\",\"list\":\"shopping\"}],\"answer\":\"Created.\",\"at\":\"2026-11-23T20:00:00Z\"}";

    assertThat(Api.JSON.readValue(persisted, AgentEvent.class)).isEqualTo(call("k1", "Created."));
    assertThat(Api.JSON.readTree(Api.JSON.writeValueAsString(call("k1", "Created."))))
        .isEqualTo(Api.JSON.readTree(persisted));
  }

  private static AgentEvent call(String key, String answer) {
    return new AgentEvent.CallRecorded(
        key,
        "lists_createoradd",
        "{}",
        List.of(new ListEvent.ListCreated("shopping")),
        answer,
        NOW);
  }
}
