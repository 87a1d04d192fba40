package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The assistant as it ships, with the model that ships, in a dialogue. */
class NanoDialogueTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode(
      "llmagentos { agent.model = \"\", model.nano = on }", MovableClock.onMonday());

  private final String session = UUID.randomUUID().toString();

  @BeforeEach
  void open() throws IOException, InterruptedException {
    NODE.post(
        "/v1/sessions",
        "{\"agent\":\"assistant\",\"id\":\"%s\",\"user\":\"%s\"}".formatted(session, session));
  }

  @Test
  void shouldDoBothOfTwoRequests() throws Exception {
    assertThat(say("wake me up at nine am on friday and turn on the lights in the kitchen"))
        .contains("Friday", "9:00 AM")
        .containsIgnoringCase("kitchen");
    assertThat(say("add bread and milk to my shopping list, then tell me what alarms i have"))
        .contains("bread and milk", "9:00 AM");
  }

  @Test
  void shouldAskForATimeThroughADigressionAndChangeItAfterwards() throws Exception {
    assertThat(say("set an alarm for friday")).startsWith("For what time").endsWith("?");
    assertThat(say("what is five times seven")).contains("35", "For what time");
    assertThat(say("at nine am")).contains("Alarm set", "Friday", "9:00 AM");
    assertThat(say("no, make it ten am"))
        .contains("Removed the alarm", "9:00 AM", "Alarm set", "10:00 AM");
    assertThat(say("what alarms do i have")).contains("1 alarm", "Friday", "10:00 AM");
  }

  private String say(String text) throws IOException, InterruptedException {
    JsonNode turn = NODE.post(
            "/v1/sessions/" + session + "/messages",
            "{\"turn_id\":\"%s\",\"content\":\"%s\"}".formatted(UUID.randomUUID(), text))
        .json();
    assertThat(turn.path("status").asText()).as(text).isEqualTo("completed");
    return turn.path("answer").asText();
  }
}
