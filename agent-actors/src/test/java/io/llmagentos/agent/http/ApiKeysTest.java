package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ApiKeysTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("""
      llmagentos.http.api-keys = [
        { key = "alices-key-0123456789", tenant = home, principal = alice }
        { key = "bobs-key-0123456789", tenant = home, principal = bob }
        { key = "carols-key-0123456789", tenant = home, principal = carol }
        { key = "daves-key-0123456789", tenant = away, principal = dave }
      ]
      llmagentos.agent.operators = ["home/carol", "away/dave"]
      """);

  private static final String[] ALICE = {"Authorization", "Bearer alices-key-0123456789"};
  private static final String[] BOB = {"Authorization", "Bearer bobs-key-0123456789"};
  private static final String[] CAROL = {"Authorization", "Bearer carols-key-0123456789"};
  private static final String[] DAVE = {"Authorization", "Bearer daves-key-0123456789"};

  @Test
  void shouldRefuseAMissingOrWrongKey() throws Exception {
    for (String path : new String[] {"/v1/models", "/v1/sessions", "/v1/agents", "/v1/cluster"}) {
      RunningNode.Answer missing = NODE.get(path);
      assertThat(missing.status()).isEqualTo(401);
      assertThat(missing.code()).isEqualTo("unauthenticated");
      assertThat(missing.header("www-authenticate")).isEqualTo("Bearer");
      assertThat(NODE.get(path, "Authorization", "Bearer wrong").status()).isEqualTo(401);
      assertThat(NODE.get(path, "Authorization", "Basic YTpi").status()).isEqualTo(401);
      assertThat(NODE.get(path, ALICE).status()).isEqualTo(200);
    }
    assertThat(NODE.complete("not even JSON").status()).isEqualTo(401);
    assertThat(NODE.post("/mcp", "{}").status()).isEqualTo(401);
  }

  @Test
  void shouldKeepPrincipalsApart() throws Exception {
    assertThat(NODE.post("/v1/sessions", "{\"id\":\"mine\"}", ALICE).status()).isEqualTo(201);
    NODE.post(
        "/v1/sessions/mine/messages", "{\"content\":\"wake me up at nine am on friday\"}", ALICE);

    assertThat(NODE.get("/v1/sessions/mine", ALICE).status()).isEqualTo(200);
    assertThat(NODE.get("/v1/sessions/mine", BOB).status()).isEqualTo(404);
    assertThat(NODE.get("/v1/sessions/mine/events", BOB).status()).isEqualTo(404);
    assertThat(NODE.post("/v1/sessions/mine/stop", "", BOB).status()).isEqualTo(404);
    assertThat(NODE.post("/v1/sessions/mine/messages", "{\"content\":\"hello\"}", BOB)
            .status())
        .isEqualTo(404);
    assertThat(NODE.get("/v1/agents/assistant/events", ALICE).body()).contains("friday");
    assertThat(NODE.get("/v1/agents/assistant/events", BOB).body()).doesNotContain("friday");
    assertThat(NODE.get("/v1/agents/assistant/events?user=alice", BOB).body())
        .doesNotContain("friday");
  }

  @Test
  void shouldKeepTheCompletionsOfPrincipalsApart() throws Exception {
    String set =
        "{\"model\":\"assistant\",\"messages\":[{\"role\":\"user\",\"content\":\"wake me up at six am on sunday\"}]}";
    String first = NODE.complete(set, ALICE).json().path("id").asText();
    assertThat(NODE.complete(set, ALICE).json().path("id").asText()).isEqualTo(first);
    assertThat(NODE.complete(set, BOB).status()).isEqualTo(200);
    assertThat(NODE.models().asked("wake me up at six am on sunday")).hasSize(2);
    String what =
        "{\"model\":\"assistant\",\"user\":\"guest\",\"messages\":[{\"role\":\"user\",\"content\":\"what alarms do I have\"}]}";
    assertThat(NODE.complete(what, BOB).body()).doesNotContainIgnoringCase("sunday");
  }

  @Test
  void shouldLetOperatorsOfTheTenantDecideAndNobodyElse() throws Exception {
    NODE.post("/v1/sessions", "{\"id\":\"money\",\"agent\":\"shop\"}", ALICE);
    String asked = NODE.post("/v1/sessions/money/messages", "{\"content\":\"refund K1\"}", ALICE)
        .json()
        .path("status")
        .asText();
    assertThat(asked).isEqualTo("waiting");
    JsonNode item = await("the inbox")
        .atMost(Duration.ofMinutes(1))
        .until(() -> NODE.get("/v1/inbox", CAROL).json().path("data").path(0), JsonNode::isObject);
    String decision = "/v1/inbox/" + item.path("id").asText() + "/decision";
    String deny =
        "{\"decision\":\"deny\",\"hash\":\"%s\"}".formatted(item.path("hash").asText());

    for (String[] customer : new String[][] {ALICE, BOB}) {
      assertThat(NODE.get("/v1/inbox", customer).code()).isEqualTo("forbidden");
      assertThat(NODE.post(decision, deny, customer).code()).isEqualTo("forbidden");
      assertThat(NODE.get("/v1/sessions/money?principal=alice", customer).code())
          .isEqualTo("forbidden");
      assertThat(NODE.post("/v1/sessions/money/takeover", "", customer).code())
          .isEqualTo("forbidden");
    }
    assertThat(NODE.get("/v1/inbox", DAVE).json().path("data")).isEmpty();
    assertThat(NODE.post(decision, deny, DAVE).code()).isEqualTo("not_found");
    assertThat(NODE.get("/v1/sessions/money?principal=alice", DAVE).code()).isEqualTo("not_found");

    assertThat(NODE.get("/v1/sessions/money?principal=alice", CAROL).status()).isEqualTo(200);
    assertThat(
            NODE.post("/v1/sessions/money/messages?principal=alice", "{\"content\":\"hi\"}", CAROL)
                .code())
        .as("an operator answers, and does not speak for the principal")
        .isEqualTo("forbidden");
    assertThat(NODE.post("/v1/sessions/money/takeover?principal=alice", "", CAROL)
            .json()
            .path("operator")
            .asText())
        .isEqualTo("carol");
    assertThat(NODE.post(decision, deny, CAROL).status()).isEqualTo(200);
  }
}
