package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ApiKeysTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("""
      llmagentos.http.api-keys = [
        { key = "alices-key-0123456789", tenant = home, principal = alice }
        { key = "bobs-key-0123456789", tenant = home, principal = bob }
      ]
      """);

  private static final String[] ALICE = {"Authorization", "Bearer alices-key-0123456789"};
  private static final String[] BOB = {"Authorization", "Bearer bobs-key-0123456789"};

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
}
