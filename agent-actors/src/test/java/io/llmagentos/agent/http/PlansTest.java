package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Plans as their model lays them out and their client sees them. */
class PlansTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("");

  @Test
  void shouldShowEveryStepAndPlanTheRestAnewAfterAFailure() throws Exception {
    NODE.post("/v1/sessions", "{\"agent\":\"planner\",\"id\":\"anew\"}");
    List<String> events = NODE.stream(
        NODE.request("/v1/sessions/anew/messages")
            .POST(HttpRequest.BodyPublishers.ofString(
                "{\"turn_id\":\"t1\",\"stream\":true,\"content\":\"sold1 by plan\"}"))
            .build(),
        data -> data.contains("\"status\":\"completed\""));

    List<String> seen = events.stream()
        .map(PlansTest::json)
        .filter(event -> event.has("turn_id") && !event.has("answer") && event.has("plan"))
        .map(PlansTest::steps)
        .distinct()
        .toList();
    assertThat(seen)
        .startsWith("give planned, take planned, look planned")
        .contains("give skipped, take skipped, look failed")
        .contains("give skipped, take skipped, look failed, instead started");
    JsonNode turn = NODE.get("/v1/sessions/anew").json().path("turns").path(0);
    assertThat(turn.path("answer").asText()).isEqualTo("So: charge of other for 0.");
    assertThat(steps(turn)).isEqualTo("give skipped, take skipped, look failed, instead succeeded");
    assertThat(turn.at("/plan/0/after").toString()).isEqualTo("[\"take\"]");
    assertThat(ShopTools.keys("charge", "sold1")).isEmpty();
  }

  @Test
  void shouldOfferThePlanToAgentsThatMayOnly() throws Exception {
    NODE.post("/v1/sessions", "{\"agent\":\"shop\",\"id\":\"none\"}");
    NODE.post("/v1/sessions/none/messages", "{\"turn_id\":\"t1\",\"content\":\"X1 by plan\"}");
    assertThat(NODE.models().asked("X1 by plan").getFirst().tools())
        .noneMatch(tool -> tool.name().equals("plan"));
  }

  private static JsonNode json(String data) {
    try {
      return RunningNode.JSON.readTree(data);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(data, e);
    }
  }

  private static String steps(JsonNode turn) {
    return StreamSupport.stream(turn.path("plan").spliterator(), false)
        .map(step -> step.path("id").asText() + " " + step.path("status").asText())
        .collect(Collectors.joining(", "));
  }
}
