package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmagentos.agent.AgentOs;
import io.llmagentos.agent.account.Account;
import io.llmagentos.agent.account.AccountEvent;
import io.llmagentos.agent.account.AccountKey;
import io.llmagentos.agent.account.Accounts;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.agent.session.Session;
import io.llmagentos.agent.session.SessionEvent;
import io.llmagentos.agent.session.SessionKey;
import io.llmagentos.agent.session.Sessions;
import io.llmagentos.agent.session.Turn;
import io.llmagentos.node.journal.JournalEvent;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Accounts that sessions draw on, with a real journal. */
class AccountsTest {
  @RegisterExtension
  static final RunningNode NODE = new RunningNode("""
      llmagentos.http.api-keys = [
        { key = "local-key-0123456789", tenant = local, principal = local }
        { key = "free-key-0123456789", tenant = local, principal = free }
        { key = "ann-key-0123456789", tenant = acme, principal = ann }
        { key = "bob-key-0123456789", tenant = acme, principal = bob }
        { key = "cy-key-0123456789", tenant = acme, principal = cy }
        { key = "dan-key-0123456789", tenant = brim, principal = dan }
        { key = "eve-key-0123456789", tenant = brim, principal = eve }
        { key = "fay-key-0123456789", tenant = direct, principal = fay }
        { key = "gil-key-0123456789", tenant = direct, principal = gil }
        { key = "hal-key-0123456789", tenant = direct, principal = hal }
      ]
      llmagentos.agent.budget {
        prices { scripted { input = 1, output = 1000 } }
        principal { per = forever, steps = 1000 }
        principals {
          "local/racing" { per = forever, steps = 10 }
          "local/poor" { per = forever, tokens = 0 }
          "local/free" {}
          "direct/fay" { per = forever, steps = 3 }
        }
        tenants {
          acme { per = forever, steps = 6 }
          brim { per = forever, tokens = 12 }
          direct { per = month, cost = 1 }
        }
        lease { steps = 2 }
        lease-time = 2s
      }
      """);

  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final String WHOLE = "whole";

  private static Turn say(String principal, String session, String turn) {
    return later(principal, session, turn).toCompletableFuture().join();
  }

  private static CompletionStage<Turn> later(String principal, String session, String turn) {
    return AgentOs.on(NODE.node()).session("assistant", principal, session).say(turn, "hello");
  }

  private static Account.Description account(String principal) {
    return account(new AccountKey("local", principal));
  }

  private static Account.Description account(AccountKey key) {
    return NODE.node()
        .service(Accounts.class)
        .describe(key)
        .toCompletableFuture()
        .join();
  }

  private static Usage used(String principal, String session) {
    return NODE.node()
        .service(Sessions.class)
        .describe(new SessionKey("local", principal, session))
        .toCompletableFuture()
        .join()
        .usage();
  }

  private static void awaitNothingLeased(String principal) {
    awaitNothingLeased(new AccountKey("local", principal));
  }

  private static void awaitNothingLeased(AccountKey key) {
    await("what is leased of " + key + " comes back when its time is over")
        .atMost(LIMIT)
        .until(() -> account(key).leased().values().stream().allMatch(amount -> amount == 0));
  }

  private static String[] as(String principal) {
    return new String[] {"Authorization", "Bearer " + principal + "-key-0123456789"};
  }

  private static CompletableFuture<RunningNode.Answer> post(
      String principal, String path, String body) {
    return NODE.client()
        .sendAsync(
            NODE.request(path, as(principal))
                .timeout(LIMIT)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .thenApply(answer -> new RunningNode.Answer(answer.statusCode(), answer.body(), answer));
  }

  private static void open(String principal, String session) throws Exception {
    RunningNode.Answer opened =
        NODE.post("/v1/sessions", "{\"id\":\"" + session + "\"}", as(principal));
    assertThat(opened.status()).as(opened.body()).isEqualTo(201);
  }

  private static CompletableFuture<JsonNode> hello(String principal, String session) {
    return post(principal, "/v1/sessions/" + session + "/messages", "{\"content\":\"hello\"}")
        .thenApply(RunningNode.Answer::json);
  }

  /** One turn in each of so many sessions, all at once, by principals in turn. */
  private static List<JsonNode> race(int sessions, String... principals) throws Exception {
    for (int i = 0; i < sessions; i++) {
      open(principals[i % principals.length], "s" + i);
    }
    List<CompletableFuture<JsonNode>> turns = IntStream.range(0, sessions)
        .mapToObj(i -> hello(principals[i % principals.length], "s" + i))
        .toList();
    return turns.stream().map(CompletableFuture::join).toList();
  }

  private static boolean completed(JsonNode turn) {
    return turn.path("status").asText().equals("completed");
  }

  private static void assertTenantExceeded(JsonNode turn, String key, String limit) {
    assertThat(turn.path("status").asText()).as("%s", turn).isEqualTo("budget_exceeded");
    JsonNode why = turn.path("budget_exceeded");
    assertThat(why.path("scope").asText()).isEqualTo("tenant");
    assertThat(why.path("key").asText()).isEqualTo(key);
    assertThat(why.path("limit").asText()).isEqualTo(limit);
    assertThat(turn.path("answer").asText()).contains("The budget of this tenant", key);
  }

  private static JsonNode budget(String principal) throws Exception {
    return NODE.get("/v1/budget", as(principal)).json();
  }

  private static RunningNode.Answer ask(String principal, String text, String more)
      throws Exception {
    return post(principal, "/v1/chat/completions", completion(text, more)).join();
  }

  private static String completion(String text, String more) {
    return "{\"model\":\"scripted\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]%s}"
        .formatted(text, more);
  }

  @Test
  void shouldGiveSessionsThatRaceExactlyTheLimit() {
    List<CompletionStage<Turn>> turns =
        IntStream.range(0, 24).mapToObj(i -> later("racing", "s" + i, "t")).toList();
    long completed = 0;
    for (CompletionStage<Turn> stage : turns) {
      Turn turn = stage.toCompletableFuture().join();
      if (turn.status() == Turn.Status.COMPLETED) {
        completed++;
      } else {
        assertThat(turn.status()).as(turn.answer()).isEqualTo(Turn.Status.BUDGET_EXCEEDED);
        Exceeded why = turn.exceeded().orElseThrow();
        assertThat(why.scope()).isEqualTo(Exceeded.Scope.PRINCIPAL);
        assertThat(why.quantity()).isEqualTo(Quantity.STEPS);
        assertThat(why.limit()).isEqualTo(10);
        assertThat(why.key())
            .isEqualTo("llmagentos.agent.budget.principals.\"local/racing\".steps");
      }
    }
    assertThat(completed).isBetween(1L, 10L);
    awaitNothingLeased("racing");
    assertThat(account("racing").used().steps()).isEqualTo(completed);
    AtomicInteger late = new AtomicInteger();
    for (; completed < 10; completed++) {
      await("what resting sessions held is there for the others")
          .atMost(LIMIT)
          .until(() -> say("racing", "late" + late.incrementAndGet(), "t").status()
              == Turn.Status.COMPLETED);
    }
    assertThat(say("racing", "late", "t").status()).isEqualTo(Turn.Status.BUDGET_EXCEEDED);
    awaitNothingLeased("racing");
    assertThat(account("racing").used().steps()).isEqualTo(10);
  }

  @Test
  void shouldRefuseWithoutAskingTheModelWhenNothingIsLeft() {
    Turn turn = say("poor", "s", "t");
    assertThat(turn.status()).isEqualTo(Turn.Status.BUDGET_EXCEEDED);
    assertThat(turn.answer()).contains("budget of this principal", "0 of 0 tokens");
    assertThat(turn.usage().steps()).isZero();
  }

  @Test
  void shouldCostNoEventsWhereNobodyLimits() throws Exception {
    say("free", "s", "t");
    assertThat(ask("free", "hello", "").status()).isEqualTo(200);
    assertThat(journal(Session.KIND, "local/free/s", SessionEvent.class)).hasSize(4);
    assertThat(journal(Account.KIND, "local/free", AccountEvent.class)).isEmpty();
  }

  @Test
  void shouldTellThePrincipalItsBudget() throws Exception {
    say("local", "told", "t");
    JsonNode budget = budget("local");
    assertThat(budget.has("tenant")).isFalse();
    JsonNode own = budget.path("principal");
    assertThat(own.path("name").asText()).isEqualTo("local");
    assertThat(own.path("per").asText()).isEqualTo("forever");
    assertThat(own.path("limits").path("steps").asText()).isEqualTo("1000");
    assertThat(own.path("used").path("steps").asInt()
            + own.path("leased").path("steps").asInt())
        .isPositive();
  }

  @Test
  void shouldLetPrincipalsUseUpTheirTenantsAccountTogether() throws Exception {
    String key = "llmagentos.agent.budget.tenants.acme.steps";
    List<String> principals = List.of("ann", "bob", "cy");
    long completed = 0;
    for (JsonNode turn : race(12, "ann", "bob", "cy")) {
      if (completed(turn)) {
        completed++;
      } else {
        assertTenantExceeded(turn, key, "6");
      }
    }
    assertThat(completed).isBetween(1L, 6L);
    for (int late = 0; completed < 6; late++) {
      String session = "late" + late;
      open("bob", session);
      await("what resting sessions of others held is there for this one")
          .atMost(LIMIT)
          .until(() -> completed(hello("bob", session).join()));
      completed++;
    }
    int used = 0;
    for (String principal : principals) {
      open(principal, "over");
      JsonNode over = hello(principal, "over").join();
      assertTenantExceeded(over, key, "6");
      assertThat(over.path("budget_exceeded").path("used").asText()).isEqualTo("6");
      awaitNothingLeased(new AccountKey("acme", principal));
      JsonNode budget = budget(principal);
      assertThat(budget.path("principal").path("name").asText()).isEqualTo(principal);
      used += budget.path("principal").path("used").path("steps").asInt();
    }
    awaitNothingLeased(new AccountKey("acme", ""));
    JsonNode tenant = budget("ann").path("tenant");
    assertThat(tenant).isEqualTo(budget("cy").path("tenant"));
    assertThat(tenant.path("name").asText()).isEqualTo("acme");
    assertThat(tenant.path("limits")).isEqualTo(RunningNode.JSON.readTree("{\"steps\":\"6\"}"));
    assertThat(tenant.path("leased")).isEqualTo(RunningNode.JSON.readTree("{\"steps\":\"0\"}"));
    assertThat(tenant.path("used").path("steps").asInt()).isEqualTo(6);
    assertThat(used).as("what all its principals used").isEqualTo(6);
  }

  @Test
  void shouldOverdrawATenantByOneReplyOfEachSessionThatHoldsALease() throws Exception {
    int spent = 0;
    int completed = 0;
    int reply = 0;
    for (JsonNode turn : race(12, "dan", "eve")) {
      if (completed(turn)) {
        completed++;
        reply = turn.path("usage").path("total_tokens").asInt();
        spent += reply;
      } else {
        assertTenantExceeded(turn, "llmagentos.agent.budget.tenants.brim.tokens", "12");
      }
    }
    assertThat(completed).as("12 tokens are leases of 6, 3, 2 and 1").isBetween(1, 4);
    AccountKey brim = new AccountKey("brim", "");
    awaitNothingLeased(brim);
    assertThat(account(brim).used().of(Quantity.TOKENS))
        .isEqualTo(spent)
        .isBetween(12L, 12 + 4L * reply);
  }

  @Test
  void shouldLimitAModelThatIsAskedWithoutAnAgent() throws Exception {
    List<CompletableFuture<RunningNode.Answer>> racing = IntStream.range(0, 8)
        .mapToObj(i -> post("fay", "/v1/chat/completions", completion("hello", "")))
        .toList();
    List<RunningNode.Answer> answers =
        racing.stream().map(CompletableFuture::join).toList();
    assertThat(answers.stream().filter(answer -> answer.status() == 200)).hasSize(3);
    RunningNode.Answer refused = ask("fay", "hello", ",\"stream\":true");
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.response().headers().firstValue("x-should-retry")).hasValue("false");
    assertThat(refused.json()).isEqualTo(RunningNode.JSON.readTree("""
        {"error":{"type":"insufficient_quota","code":"insufficient_quota","param":null,
          "message":"The budget of this principal does not suffice: 3 of 3 steps are used (llmagentos.agent.budget.principals.\\"direct/fay\\".steps)."}}"""));
    assertThat(answers)
        .allMatch(answer -> answer.status() == 200 || answer.code().equals("insufficient_quota"));
    awaitNothingLeased(new AccountKey("direct", "fay"));
    Usage used = account(new AccountKey("direct", "fay")).used();
    assertThat(used.steps()).isEqualTo(3);
    assertThat(used.promptTokens()).isEqualTo(3);
    assertThat(used.completionTokens()).isEqualTo(15);
    assertThat(used.cost()).isEqualTo(3 * 1_000 + 15 * 1_000_000);
    assertThat(used.toolCalls()).isZero();
  }

  @Test
  void shouldSettleAnAnswerThatItsClientLeft() throws Exception {
    HttpRequest asks = NODE.request("/v1/chat/completions", as("gil"))
        .POST(HttpRequest.BodyPublishers.ofString(
            completion("at length for gil", ",\"stream\":true")))
        .build();
    assertThat(NODE.stream(asks, data -> data.contains("w2"))).isNotEmpty();
    AccountKey gil = new AccountKey("direct", "gil");
    await("it is settled").atMost(LIMIT).until(() -> account(gil).used().steps() == 1);
    assertThat(NODE.models().wasCancelled("at length for gil")).isTrue();
    assertThat(account(gil).used().completionTokens()).isBetween(2L, 23L);
    assertThat(account(gil).leased().values()).containsOnly(0L);
  }

  /** Its node died, or it takes longer than its lease. */
  @Test
  void shouldGetBackWhatARequestLeasedAndCountWhatIsSettledLater() throws Exception {
    AccountKey hal = new AccountKey("direct", "hal");
    Instant past = Instant.parse("2026-01-01T00:00:00Z");
    Journals.write(
        NODE.node(),
        Account.KIND,
        hal.entityId(),
        AccountEvent.class,
        List.of(new AccountEvent.LeaseGranted(
            "request:lost", 1, Map.of(Quantity.STEPS, 1L), past, past)),
        json -> json);
    assertThat(account(hal).leased()).containsEntry(Quantity.STEPS, 1L);
    awaitNothingLeased(hal);
    assertThat(account(hal).used()).isEqualTo(Usage.NONE);

    NODE.node()
        .service(Accounts.class)
        .settle(List.of(hal), "request:lost", 1, new Usage(1, 2, 3, 0, 0, 4));
    await("it was not lost, but slow")
        .atMost(LIMIT)
        .until(() -> account(hal).used().equals(new Usage(1, 2, 3, 0, 0, 4)));
    assertThat(ask("hal", "hello", "").status()).isEqualTo(200);
  }

  /**
   * A crash between every two events of a session and of its account: their journals are cut at every pair of points that a crash can leave, and the session goes
   * on. Nothing that it spent is lost and nothing is settled twice.
   */
  @Test
  void shouldSettleEverythingOnceFromEveryPointOfBothJournals() throws Exception {
    List<String> turns = List.of("t1", "t2", "t3", "t4", "t5");
    turns.forEach(turn -> say(WHOLE, "s", turn));
    List<SessionEvent> session = journal(Session.KIND, "local/whole/s", SessionEvent.class);
    List<AccountEvent> account = journal(Account.KIND, "local/whole", AccountEvent.class);
    assertThat(count(session, SessionEvent.BudgetLeased.class, session.size()))
        .as("two steps a lease")
        .isGreaterThanOrEqualTo(3);

    List<String> principals = new ArrayList<>();
    for (int s = 1; s <= session.size(); s++) {
      long leased = count(session, SessionEvent.BudgetLeased.class, s);
      long settled = count(session, SessionEvent.LeaseSettled.class, s);
      for (int a = 0; a <= account.size(); a++) {
        long granted = count(account, AccountEvent.LeaseGranted.class, a);
        long accounted = count(account, AccountEvent.LeaseSettled.class, a);
        // The account grants before the session knows, and hears of a settlement after the session
        // knows.
        if (granted >= leased && granted <= settled + 1 && accounted <= settled) {
          String principal = "crash-%02d-%02d".formatted(s, a);
          principals.add(principal);
          seed(
              Session.KIND, "local/" + principal + "/s", SessionEvent.class, session.subList(0, s));
          if (a > 0) {
            seed(Account.KIND, "local/" + principal, AccountEvent.class, account.subList(0, a));
          }
        }
      }
    }
    assertThat(principals).hasSizeGreaterThan(session.size());
    for (String principal : principals) {
      turns.forEach(turn -> assertThat(say(principal, "s", turn).status())
          .as("%s of %s", turn, principal)
          .isEqualTo(Turn.Status.COMPLETED));
    }
    for (String principal : principals) {
      awaitNothingLeased(principal);
      assertThat(used(principal, "s").steps()).as(principal).isEqualTo(turns.size());
      assertThat(account(principal).used()).as(principal).isEqualTo(used(principal, "s"));
    }
  }

  private static long count(List<?> events, Class<?> type, int first) {
    return events.subList(0, first).stream().filter(type::isInstance).count();
  }

  private static <E extends JournalEvent> List<E> journal(String kind, String entity, Class<E> type)
      throws Exception {
    return Journals.read(NODE.node(), kind, entity, type);
  }

  /** A principal's entity that has the first events of the whole one's. */
  private static <E extends JournalEvent> void seed(
      String kind, String entity, Class<E> type, List<E> events) throws Exception {
    String principal = entity.split("/", -1)[1];
    Journals.write(
        NODE.node(),
        kind,
        entity,
        type,
        events,
        json -> json.replace("local/" + WHOLE, "local/" + principal)
            .replace("\"" + WHOLE + "\"", "\"" + principal + "\""));
  }
}
