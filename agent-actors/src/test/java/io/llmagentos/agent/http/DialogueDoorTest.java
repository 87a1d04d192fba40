package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Dialogues of an agent whose model turns one request into one call, as its client sees them. */
class DialogueDoorTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("""
      llmagentos.model.models.scripted.rules = [
        { when = "wake me up at (?<time>.*) on (?<date>.*)", call = alarm_set }
        { when = "^wake me up at (?<time>ten am)$", call = alarm_set }
        { when = "what alarms", call = alarm_query }
        { when = "look up (?<order>\\\\w+)", call = look_up }
        { when = "charge (?<order>\\\\w+)", call = charge }
        { when = "deliver (?<day>friday)", call = deliver }
        { when = "deliver (?<order>[A-Z]\\\\d+)", call = deliver }
              ]
      """, MovableClock.onMonday());

  @Test
  void shouldMakeTheCallsOfAMessageInItsOrder() throws Exception {
    JsonNode turn = say("order", "t1", "look up A1 and charge A1. what alarms do i have?");
    assertThat(turn.path("answer").asText())
        .isEqualTo("look_up of A1 for 0\ncharge of A1 for 0\nYou have no alarms.");
    assertThat(statuses(turn))
        .isEqualTo("look_up succeeded, charge succeeded, alarm_query succeeded");
    assertThat(turn.at("/usage/steps").asInt()).as("the model was asked").isEqualTo(3);
  }

  @Test
  void shouldCorrectAnAlarmThatIsSet() throws Exception {
    assertThat(answer("alarm", "t1", "wake me up at nine am on friday")).contains("9:00 AM");
    JsonNode corrected = say("alarm", "t2", "no, make it ten am");
    assertThat(corrected.path("answer").asText())
        .contains("Removed the alarm", "9:00 AM", "Alarm set", "10:00 AM");
    assertThat(statuses(corrected)).isEqualTo("alarm_remove succeeded, alarm_set succeeded");
    assertThat(answer("alarm", "t3", "what alarms do i have"))
        .contains("1 alarm", "10:00 AM")
        .doesNotContain("9:00 AM");
    assertThat(answer("alarm", "t4", "wake me up at six am on sunday")).contains("6:00 AM");
    assertThat(answer("alarm", "t5", "cancel that")).contains("Removed the alarm", "6:00 AM");
    assertThat(answer("alarm", "t6", "what alarms do i have")).contains("1 alarm", "10:00 AM");
  }

  @Test
  void shouldAskForWhatIsMissingAndChangeWhatWaitsForItsApproval() throws Exception {
    assertThat(answer("slots", "t1", "deliver A17")).isEqualTo("What is the day of the delivery?");
    assertThat(say("slots", "t2", "monday").path("status").asText()).isEqualTo("waiting");
    JsonNode changed = say("slots", "t3", "I meant friday");
    assertThat(changed.path("status").asText()).isEqualTo("waiting");
    assertThat(changed.at("/tool_calls/0/arguments").asText())
        .isEqualTo("{\"order\":\"A17\",\"day\":\"friday\"}");
    JsonNode first = NODE.get("/v1/sessions/slots").json().path("turns").path(1);
    assertThat(first.path("status").asText()).isEqualTo("stopped");
    assertThat(statuses(first)).isEqualTo("deliver cancelled");
    assertThat(answer("slots", "t4", "never mind"))
        .isEqualTo("All right, deliver did not take place.");
    assertThat(ShopTools.keys("deliver", "A17")).isEmpty();
  }

  private static String answer(String session, String turn, String text)
      throws IOException, InterruptedException {
    JsonNode said = say(session, turn, text);
    assertThat(said.path("status").asText()).as(text).isEqualTo("completed");
    return said.path("answer").asText();
  }

  private static JsonNode say(String session, String turn, String text)
      throws IOException, InterruptedException {
    // Each session is another user's: what the agent keeps is apart.
    NODE.post(
        "/v1/sessions",
        "{\"agent\":\"clerk\",\"id\":\"%s\",\"user\":\"%s\"}".formatted(session, session));
    return NODE.post(
            "/v1/sessions/" + session + "/messages",
            "{\"turn_id\":\"%s\",\"content\":\"%s\"}".formatted(turn, text))
        .json();
  }

  private static String statuses(JsonNode turn) {
    return StreamSupport.stream(turn.path("tool_calls").spliterator(), false)
        .map(call -> call.path("name").asText() + " " + call.path("status").asText())
        .collect(Collectors.joining(", "));
  }
}
