package io.llmagentos.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The assistant as it ships, with the model that ships: what a newcomer says is understood and done, refused plainly, or named as not connected. */
class NanoAssistantIT {
  @RegisterExtension
  static final LocalCluster CLUSTER = new LocalCluster(
          "nano-assistant", 1, "llmagentos.agent.zone = \"Europe/Berlin\"\n")
      .computing();

  @Test
  void shouldDoWhatItIsToldInPlainWords() throws IOException, InterruptedException {
    var door = new Door(CLUSTER.door(0));
    var session =
        door.post("/v1/sessions", Map.of("agent", "assistant")).path("id").asText();

    assertThat(say(door, session, "wake me up at nine am on friday"))
        .contains("Friday")
        .contains("9:00 AM");
    assertThat(say(door, session, "what alarms do I have")).contains("Friday").contains("9:00 AM");
    assertThat(say(door, session, "cancel the friday one")).containsIgnoringCase("friday");
    assertThat(say(door, session, "what alarms do I have")).isEqualTo("You have no alarms.");
    assertThat(say(door, session, "add milk to my shopping list")).containsIgnoringCase("milk");
    assertThat(say(door, session, "what is on my shopping list")).containsIgnoringCase("milk");
    assertThat(say(door, session, "turn on the lights in the kitchen"))
        .containsIgnoringCase("kitchen")
        .containsIgnoringCase("on");
    assertThat(say(door, session, "what is five times seven")).contains("35");
    assertThat(say(door, session, "what time is it in london")).containsIgnoringCase("london");
  }

  @Test
  void shouldSayWhatItUnderstandsAndCannotDo() throws IOException, InterruptedException {
    var door = new Door(CLUSTER.door(0));
    var session =
        door.post("/v1/sessions", Map.of("agent", "assistant")).path("id").asText();

    assertThat(say(door, session, "book me a flight to mars"))
        .contains("booking a flight")
        .contains("no tool for that is connected");
    assertThat(say(door, session, "what is the meaning of quantum loyalty for snails"))
        .startsWith("Sorry, I can't help with that.");
    assertThat(door.get("/v1/agents/assistant/events").path("data"))
        .allSatisfy(event -> assertThat(event.path("type").asText()).isNotBlank());
  }

  @Test
  void shouldCallOnlyWhatTheRequestBrings() throws IOException, InterruptedException {
    var door = new Door(CLUSTER.door(0));
    var tool = Map.of(
        "type",
        "function",
        "function",
        Map.of(
            "name",
            "alarm_set",
            "parameters",
            Map.of(
                "type",
                "object",
                "properties",
                Map.of("time", Map.of("type", "string"), "date", Map.of("type", "string")))));
    JsonNode reply = door.post(
        "/v1/chat/completions",
        Map.of(
            "model",
            "agentos-nano",
            "messages",
            java.util.List.of(Map.of("role", "user", "content", "wake me up at nine am on friday")),
            "tools",
            java.util.List.of(tool)));
    JsonNode call =
        reply.path("choices").path(0).path("message").path("tool_calls").path(0).path("function");
    assertThat(call.path("name").asText()).isEqualTo("alarm_set");
    assertThat(call.path("arguments").asText()).contains("friday");
  }

  private static String say(Door door, String session, String text)
      throws IOException, InterruptedException {
    JsonNode turn = door.say(session, UUID.randomUUID().toString(), text);
    assertThat(turn.path("status").asText()).as(text).isEqualTo("completed");
    return turn.path("answer").asText();
  }
}
