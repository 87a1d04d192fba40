package io.llmagentos.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.agent.budget.Budget;
import io.llmagentos.agent.budget.Exceeded;
import io.llmagentos.agent.budget.Limits;
import io.llmagentos.agent.budget.Prices;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.agent.definition.AgentDefinition;
import io.llmagentos.agent.tool.ToolTraits;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.http.Api;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SpendingTest {
  private static final ObjectMapper JSON =
      Api.JSON.copy().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
  private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");
  private static final SessionKey SESSION = new SessionKey("local", "local", "s");
  private static final Prices PRICES =
      new Prices(Map.of("m", new Prices.Price(2, 10)), Map.of("charge", 700L));

  private static AgentDefinition agent(Budget budget) {
    return TestAgent.named("a")
        .model("m")
        .tool("charge", "{}", ToolTraits.EFFECT)
        .tool("alarm_set", "{}")
        .rounds(3)
        .budget(budget)
        .definition();
  }

  private static Budget turn(Quantity quantity, long most) {
    return new Budget(new Limits(Map.of(quantity, most)), Limits.NONE);
  }

  private static ChatReply reply(ChatReply.FinishReason why, String text, String... tools) {
    List<ToolCall> calls = java.util.stream.IntStream.range(0, tools.length)
        .mapToObj(i -> new ToolCall("c" + i, tools[i], "{}"))
        .toList();
    return new ChatReply(
        "m", "w", text, calls, why, new ChatReply.Usage(30, 5), List.of(), List.of());
  }

  private static SessionState accepted() {
    return SessionState.EMPTY
        .apply(new SessionEvent.SessionOpened("a", "local", AT))
        .apply(new SessionEvent.TurnAccepted("t", ContentPart.text("do"), AT));
  }

  private static SessionEvent asked(ChatReply reply) {
    return new SessionEvent.ModelReplied("t", reply, AT, 110, 40);
  }

  private static Spending spending(SessionState state, Budget budget, Usage more) {
    return new Spending(state, state.turn("t").orElseThrow(), agent(budget), PRICES, more);
  }

  private static NextStep next(SessionState state, Budget budget) {
    return NextStep.of(SESSION, state, state.turn("t").orElseThrow(), agent(budget));
  }

  @Test
  void shouldCountEveryTokenCallAndMillisecondOnce() throws Exception {
    Decision retry = new Decision(Decision.Kind.RETRY, "h", "{}", "", "carol", AT);
    Call personal =
        Call.planned("k1", 1, "alarm_set", "{}").ended(Call.Status.SUCCEEDED, "Set.", "", "");
    List<SessionEvent> events = List.of(
        asked(reply(ChatReply.FinishReason.TOOL_CALLS, "", "charge", "alarm_set")),
        new SessionEvent.CallStarted("t", 0, "k0", "charge", "{}", "h", AT, 700),
        new SessionEvent.CallUnknown("t", 0, 0, "charge", "{}", "h", "hung", AT),
        new SessionEvent.TurnSuspended("t", "waits", AT, 5),
        new SessionEvent.CallDecided("t", 0, retry, true),
        new SessionEvent.CallStarted("t", 0, "k0", "charge", "{}", "h", AT, 700),
        new SessionEvent.CallEnded(
            "t", 0, "k0", "charge", "{}", Call.Status.SUCCEEDED, "done", "", "", AT),
        new SessionEvent.TurnFinished(
            "t", Turn.Status.COMPLETED, "Set.", List.of(personal), "", AT, 7, Optional.empty()));
    SessionState state = accepted();
    for (SessionEvent event : events) {
      String json = JSON.writerFor(SessionEvent.class).writeValueAsString(event);
      assertThat(JSON.readValue(json, SessionEvent.class)).isEqualTo(event);
      state = state.apply(event);
    }
    Usage all = new Usage(1, 30, 5, 810, 2, 52);
    assertThat(state.usage()).isEqualTo(all);
    assertThat(state.turn("t").orElseThrow().usage()).isEqualTo(all);
    assertThat(JSON.readValue(JSON.writeValueAsString(state), SessionState.class))
        .isEqualTo(state);
  }

  @Test
  void shouldCountWhatASnapshotWithoutUsageHeld() throws Exception {
    SessionState state = accepted().apply(asked(reply(ChatReply.FinishReason.STOP, "Hi.")));
    com.fasterxml.jackson.databind.node.ObjectNode old = JSON.valueToTree(state);
    old.remove(List.of("usage", "lease"));
    ((com.fasterxml.jackson.databind.node.ObjectNode) old.path("turns").path(0))
        .remove(List.of("usage", "exceeded"));
    SessionState read = JSON.treeToValue(old, SessionState.class);
    assertThat(read.usage()).isEqualTo(new Usage(1, 30, 5, 0, 0, 0));
    assertThat(read.lease()).isEqualTo(Lease.NONE);
  }

  @Test
  void shouldStopTheRequestThatIsOneTooMany() {
    Budget one = turn(Quantity.STEPS, 1);
    SessionState state = accepted();
    assertThat(spending(state, one, Usage.NONE)
            .exceeded(spending(state, one, Usage.NONE).needed(next(state, one))))
        .isEmpty();
    SessionState second = state
        .apply(asked(reply(ChatReply.FinishReason.TOOL_CALLS, "", "charge")))
        .apply(new SessionEvent.CallEnded(
            "t", 0, "k", "charge", "{}", Call.Status.SUCCEEDED, "done", "", "", AT));
    Spending spending = spending(second, one, Usage.NONE);
    assertThat(spending.exceeded(spending.needed(next(second, one))))
        .contains(new Exceeded(Exceeded.Scope.TURN, Quantity.STEPS, 1, 1, "budget.turn.steps"));
  }

  @Test
  void shouldStopARequestThatOnlyItsPromptMakesTooDear() {
    Prices prices = new Prices(Map.of("m", new Prices.Price(2, 0)), Map.of());
    Budget spent = turn(Quantity.COST, 110);
    SessionState state = accepted()
        .apply(asked(reply(ChatReply.FinishReason.TOOL_CALLS, "", "charge")))
        .apply(new SessionEvent.CallEnded(
            "t", 0, "k", "charge", "{}", Call.Status.SUCCEEDED, "done", "", "", AT));
    Spending spending =
        new Spending(state, state.turn("t").orElseThrow(), agent(spent), prices, Usage.NONE);
    assertThat(
            spending.exceeded(spending.needed(next(state, spent))).orElseThrow().quantity())
        .isEqualTo(Quantity.COST);
  }

  @Test
  void shouldCountTheCallsOfAReplyTogether() {
    SessionState state = accepted()
        .apply(asked(reply(ChatReply.FinishReason.TOOL_CALLS, "", "charge", "alarm_set")));
    for (Budget none : List.of(turn(Quantity.TOOL_CALLS, 1), turn(Quantity.COST, 800))) {
      Spending spending = spending(state, none, Usage.NONE);
      assertThat(spending.exceeded(spending.needed(next(state, none)))).isPresent();
    }
    Budget enough = turn(Quantity.TOOL_CALLS, 2);
    Spending spending = spending(state, enough, Usage.NONE);
    assertThat(spending.exceeded(spending.needed(next(state, enough)))).isEmpty();
  }

  @Test
  void shouldLetWhatIsSaidStandWhenALimitIsPassedByIt() {
    Budget tokens = turn(Quantity.TOKENS, 10);
    SessionState said = accepted().apply(asked(reply(ChatReply.FinishReason.STOP, "Hi.")));
    Spending spending = spending(said, tokens, Usage.NONE);
    assertThat(spending.exceeded(spending.needed(next(said, tokens)))).isEmpty();
    SessionState cut = accepted().apply(asked(reply(ChatReply.FinishReason.LENGTH, "H")));
    Spending short1 = spending(cut, tokens, Usage.NONE);
    assertThat(short1.exceeded(short1.needed(next(cut, tokens))).orElseThrow().quantity())
        .isEqualTo(Quantity.TOKENS);
    Spending free = spending(cut, Budget.NONE, Usage.NONE);
    assertThat(free.exceeded(free.needed(next(cut, Budget.NONE))))
        .as("cut short by the model's own limit")
        .isEmpty();
  }

  @Test
  void shouldCountTheTimeSinceTheLastEvent() {
    Budget time = turn(Quantity.WALL_TIME, 100);
    SessionState state = accepted();
    Spending early = spending(state, time, new Usage(0, 0, 0, 0, 0, 60));
    assertThat(early.millisLeft()).hasValue(40);
    assertThat(early.exceeded(early.needed(next(state, time)))).isEmpty();
    Spending late = spending(state, time, new Usage(0, 0, 0, 0, 0, 100));
    assertThat(late.exceeded(late.needed(next(state, time))).orElseThrow().quantity())
        .isEqualTo(Quantity.WALL_TIME);
  }

  @Test
  void shouldBoundTheAnswerByWhatIsLeft() {
    SessionState state = accepted();
    for (var each :
        Map.of(turn(Quantity.TOKENS, 60), 60, turn(Quantity.COST, 420), 42).entrySet()) {
      NextStep.AskModel ask = (NextStep.AskModel) next(state, each.getKey());
      assertThat(spending(state, each.getKey(), Usage.NONE)
              .bounded(ask.request())
              .sampling()
              .maxTokens())
          .isEqualTo(each.getValue());
    }
    NextStep.AskModel free = (NextStep.AskModel) next(state, Budget.NONE);
    assertThat(spending(state, Budget.NONE, Usage.NONE).bounded(free.request()))
        .isEqualTo(free.request());
  }

  /** Whatever comes between leases and settlements: all that is spent is settled with one of them or is the open one's. */
  @Test
  void shouldSettleEverythingExactlyOnce() {
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      SessionState state = accepted();
      Usage before = Usage.NONE;
      if (random.nextBoolean()) {
        state = state.apply(asked(reply(ChatReply.FinishReason.STOP, "")));
        before = state.usage(); // spent before there were accounts
      }
      Usage settled = Usage.NONE;
      boolean counted = false;
      for (int i = 0; i < 100; i++) {
        Lease lease = state.lease();
        switch (random.nextInt(4)) {
          case 0 -> {
            if (lease.isSettled()) {
              state =
                  state.apply(new SessionEvent.BudgetLeased(lease.number() + 1, Map.of(), AT, AT));
              counted = true;
            }
          }
          case 1 -> {
            if (!lease.isSettled()) {
              settled = settled.plus(lease.used(state.usage()));
              state = state.apply(
                  new SessionEvent.LeaseSettled(lease.number(), lease.used(state.usage()), AT));
            }
          }
          case 2 -> {
            if (lease.isSettled() && counted) {
              state =
                  state.apply(new SessionEvent.LeaseSettled(lease.number() + 1, Usage.NONE, AT));
            }
          }
          default -> {
            if (counted) {
              state = state.apply(asked(reply(ChatReply.FinishReason.STOP, "")));
            }
          }
        }
      }
      Usage open = state.lease().isSettled()
          ? state
              .usage()
              .minus(state.lease().before())
              .minus(state.lease().settled().orElseThrow())
          : state.lease().used(state.usage());
      if (counted) {
        assertThat(settled.plus(open))
            .as("seed %d", seed)
            .isEqualTo(state.usage().minus(before));
      }
    }
  }

  @Test
  void shouldCoverNoMoreThanWasGrantedAndNotForLonger() {
    SessionState state = accepted()
        .apply(
            new SessionEvent.BudgetLeased(1, Map.of(Quantity.STEPS, 2L), AT.plusSeconds(60), AT));
    Usage step = new Usage(1, 0, 1, 0, 0, 1);
    assertThat(state.lease().covers(state.usage(), step, AT)).isTrue();
    assertThat(state.lease().covers(state.usage(), step, AT.plusSeconds(60))).isFalse();
    SessionState two = state
        .apply(asked(reply(ChatReply.FinishReason.STOP, "")))
        .apply(asked(reply(ChatReply.FinishReason.STOP, "")));
    assertThat(two.lease().covers(two.usage(), step, AT)).isFalse();
  }
}
