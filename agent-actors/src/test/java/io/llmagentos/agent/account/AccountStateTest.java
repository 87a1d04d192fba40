package io.llmagentos.agent.account;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.agent.budget.Limits;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.node.http.Api;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AccountStateTest {
  private static final ObjectMapper JSON =
      Api.JSON.copy().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
  private static final Instant AT = Instant.parse("2026-01-02T03:00:00Z");
  private static final Instant DAY = Instant.parse("2026-01-02T00:00:00Z");
  private static final long LIMIT = 1000;
  private static final Limits LIMITS = new Limits(Map.of(Quantity.TOKENS, LIMIT));
  private static final Limits LEASE = new Limits(Map.of(Quantity.TOKENS, 200L));

  private static Usage tokens(long tokens) {
    return new Usage(0, 0, tokens, 0, 0, 0);
  }

  private static AccountEvent granted(AccountState state, String session, long lease) {
    return new AccountEvent.LeaseGranted(
        session,
        lease,
        state.grant(LIMITS, LEASE, state.usedSince(DAY), tokens(1)),
        AT.plusSeconds(60),
        AT);
  }

  private static AccountEvent settled(String session, long lease, long tokens) {
    return new AccountEvent.LeaseSettled(session, lease, tokens(tokens), DAY, AT);
  }

  /** Sessions take turns at random; each may spend a reply more than its lease. */
  @Test
  void shouldNeverBeOverdrawnByMoreThanAReplyOfEachSession() {
    long reply = 90;
    int sessions = 7;
    for (int seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      AccountState state = AccountState.EMPTY;
      Map<String, Long> numbers = new HashMap<>();
      long spent = 0;
      for (int i = 0; i < 200; i++) {
        String session = "s" + random.nextInt(sessions);
        AccountState.Outstanding open = state.lease(session).orElse(null);
        if (open != null) {
          long used = random.nextLong(open.granted().getOrDefault(Quantity.TOKENS, 0L) + reply);
          spent += used;
          state = state.apply(settled(session, open.lease(), used));
        } else if (state.lacks(LIMITS, state.usedSince(DAY), tokens(1)).isEmpty()) {
          state = state.apply(granted(state, session, numbers.merge(session, 1L, Long::sum)));
        }
        long promised = state.usedSince(DAY).of(Quantity.TOKENS) + state.leased(Quantity.TOKENS);
        assertThat(promised).isLessThan(LIMIT + sessions * reply);
      }
      assertThat(state.usedSince(DAY)).as("seed %d", seed).isEqualTo(tokens(spent));
      assertThat(spent).isBetween(LIMIT / 2, LIMIT + sessions * reply);
    }
  }

  @Test
  void shouldLeaveSomethingForOthersAndGiveTheLastToOne() {
    AccountState state = AccountState.EMPTY.apply(granted(AccountState.EMPTY, "a", 1));
    assertThat(state.leased(Quantity.TOKENS)).isEqualTo(200);
    state = state.apply(settled("a", 1, 900));
    state = state.apply(granted(state, "b", 1));
    assertThat(state.leased(Quantity.TOKENS)).isEqualTo(50);
    assertThat(state.grant(LIMITS, LEASE, state.usedSince(DAY), tokens(49)))
        .isEqualTo(Map.of(Quantity.TOKENS, 49L));
    assertThat(state.lacks(LIMITS, state.usedSince(DAY), tokens(51))).contains(Quantity.TOKENS);
    assertThat(state.lacks(LIMITS, state.usedSince(DAY), new Usage(1, 0, 0, 0, 0, 0)))
        .as("what is not limited is never lacking")
        .isEmpty();
  }

  @Test
  void shouldKnowALeaseThatWasSettled() {
    AccountState state =
        AccountState.EMPTY.apply(granted(AccountState.EMPTY, "a", 3)).apply(settled("a", 3, 7));
    assertThat(state.wasSettled("a", 3)).isTrue();
    assertThat(state.wasSettled("a", 2)).isTrue();
    assertThat(state.wasSettled("a", 4)).isFalse();
    assertThat(state.wasSettled("b", 3)).isFalse();
  }

  @Test
  void shouldBeginANewPeriodWithNothingUsedAndTheLeasesThatRun() {
    AccountState state =
        AccountState.EMPTY.apply(granted(AccountState.EMPTY, "a", 1)).apply(settled("a", 1, 700));
    state = state.apply(granted(state, "b", 1));
    Instant tomorrow = DAY.plusSeconds(86_400);
    assertThat(state.usedSince(tomorrow)).isEqualTo(Usage.NONE);
    assertThat(state.leased(Quantity.TOKENS)).isEqualTo(150);
    state = state.apply(
        new AccountEvent.LeaseSettled("b", 1, tokens(50), tomorrow, tomorrow.plusSeconds(1)));
    assertThat(state.usedSince(tomorrow)).isEqualTo(tokens(50));
  }

  @Test
  void shouldKnowWhatWasUsedInADayThatTheClockGoesBackTo() {
    AccountState state = AccountState.EMPTY.apply(settled("a", 1, 700));
    Instant ahead = DAY.plus(Duration.ofDays(7));
    state = state.apply(new AccountEvent.LeaseSettled("a", 2, tokens(50), ahead, ahead));
    assertThat(state.usedSince(DAY)).isEqualTo(tokens(700));
    state = state.apply(settled("a", 3, 1));
    assertThat(state.usedSince(DAY)).isEqualTo(tokens(701));
    assertThat(state.usedSince(ahead)).isEqualTo(tokens(50));
    for (int day = 8; day < 100; day++) {
      Instant later = DAY.plus(Duration.ofDays(day));
      state = state.apply(new AccountEvent.LeaseSettled("a", day, tokens(day), later, later));
    }
    assertThat(state.others()).hasSize(AccountState.KEPT_PERIODS);
    assertThat(state.usedSince(DAY.plus(Duration.ofDays(98)))).isEqualTo(tokens(98));
    assertThat(state.usedSince(DAY)).as("long ago").isEqualTo(Usage.NONE);
  }

  @Test
  void shouldReadASnapshotThatKnowsOnePeriod() throws Exception {
    AccountState state = JSON.readValue("""
        {"since":"2026-01-02T00:00:00Z","used":{"steps":3,"promptTokens":0,"completionTokens":0,"cost":0,"toolCalls":0,"millis":0},
         "leases":{},"settled":[]}""", AccountState.class);
    assertThat(state.usedSince(DAY).steps()).isEqualTo(3);
    assertThat(state.others()).isEmpty();
  }

  @Test
  void shouldReadWhatItWrote() throws Exception {
    AccountState state =
        AccountState.EMPTY.apply(granted(AccountState.EMPTY, "a", 1)).apply(settled("a", 1, 7));
    state = state
        .apply(granted(state, "b", 1))
        .apply(new AccountEvent.LeaseSettled("c", 1, tokens(5), DAY.minusSeconds(86_400), AT));
    assertThat(state.others()).hasSize(1);
    assertThat(JSON.readValue(JSON.writeValueAsString(state), AccountState.class))
        .isEqualTo(state);
    AccountEvent event =
        new AccountEvent.LeaseGranted("a", 1, Map.of(Quantity.TOOL_CALLS, 4L), AT, AT);
    String json = JSON.writerFor(AccountEvent.class).writeValueAsString(event);
    assertThat(JSON.readTree(json)).isEqualTo(JSON.readTree("""
        {"type":"lease_granted","session":"a","lease":1,"granted":{"tool_calls":4},"expiresAt":"2026-01-02T03:00:00Z","at":"2026-01-02T03:00:00Z"}"""));
    assertThat(JSON.readValue(json, AccountEvent.class)).isEqualTo(event);
  }
}
