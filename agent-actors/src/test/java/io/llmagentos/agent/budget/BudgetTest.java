package io.llmagentos.agent.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.settings.Settings;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BudgetTest {
  private static final Usage STEP = new Usage(1, 0, 1, 0, 0, 1);

  private static Budget budget(String text) {
    return Budget.read(ConfigFactory.parseString(text));
  }

  @Test
  void shouldReadEveryQuantityInItsUnits() {
    Budget budget =
        budget("turn { steps = 4, tokens = 8000, cost = 0.05, tool_calls = 0, wall_time = 30s }");
    assertThat(budget.session()).isEqualTo(Limits.NONE);
    assertThat(budget.turn().most())
        .isEqualTo(Map.of(
            Quantity.STEPS, 4L,
            Quantity.TOKENS, 8000L,
            Quantity.COST, 50_000_000L,
            Quantity.TOOL_CALLS, 0L,
            Quantity.WALL_TIME, 30_000L));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      turn { stepps = 4 }       | unknown key budget.turn.stepps; did you mean budget.turn.steps?
      turns { steps = 4 }       | unknown key budget.turns; did you mean budget.turn?
      turn { tool-calls = 4 }   | budget.turn.tool_calls?
      turn { steps = 1.5 }      | budget.turn.steps must be a whole number, not below 0, is 1.5
      session { tokens = -1 }   | budget.session.tokens must be a whole number, not below 0, is -1
      turn { cost = dear }      | budget.turn.cost must be a number such as 0.05
      turn { cost = 1e30 }      | budget.turn.cost must be
      turn { wall_time = soon } | budget.turn.wall_time must be a duration such as 30s
      """)
  void shouldRefuseWhatIsNoLimit(String text, String message) {
    assertThatThrownBy(() -> budget(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      tenat { steps = 1 }                | unknown setting llmagentos.agent.budget.tenat; did you mean llmagentos.agent.budget.tenant?
      lease { stepps = 1 }               | unknown setting llmagentos.agent.budget.lease.stepps; did you mean llmagentos.agent.budget.lease.steps?
      tenant { stepps = 1 }              | unknown key llmagentos.agent.budget.tenant.stepps; did you mean llmagentos.agent.budget.tenant.steps?
      tenant { pre = day }               | unknown key llmagentos.agent.budget.tenant.pre; did you mean llmagentos.agent.budget.tenant.per?
      tenants.acme { tool_calls = 1 }    | llmagentos.agent.budget.tenants.acme.tool-calls?
      principal { wall_time = 1s }       | llmagentos.agent.budget.principal.wall-time?
      principals."a/b" { tokns = 1 }     | unknown key llmagentos.agent.budget.principals."a/b".tokns; did you mean llmagentos.agent.budget.principals."a/b".tokens?
      principals."a/b" { per = week }    | llmagentos.agent.budget.principals."a/b".per must be day, month or forever, is 'week'
      prices.m { inptu = 1 }             | unknown key prices.m.inptu; did you mean prices.m.input?
      """)
  void shouldRefuseAMisspeltSettingWithTheNearest(String text, String message) {
    Config own = ConfigFactory.parseString("llmagentos.agent.budget { " + text + " }");
    assertThatThrownBy(() -> Settings.read(
            Settings.load(own, Optional.empty()),
            "llmagentos.agent.budget",
            BudgetSettings::create))
        .isInstanceOf(AgentOsException.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldStopWhatWouldSpendMoreAndNothingElse() {
    Budget budget = budget("turn { steps = 2, tool_calls = 1 }, session { tokens = 100 }");
    Usage two = new Usage(2, 40, 10, 0, 1, 0);
    assertThat(budget.exceeded(new Usage(1, 40, 10, 0, 0, 0), two, STEP)).isEmpty();
    assertThat(budget.exceeded(two, two, STEP))
        .contains(new Exceeded(Exceeded.Scope.TURN, Quantity.STEPS, 2, 2, "budget.turn.steps"));
    assertThat(
            budget.exceeded(two, two, new Usage(0, 0, 0, 0, 1, 0)).orElseThrow().message())
        .isEqualTo(
            "The budget of this turn does not suffice: 1 of 1 tool calls are used (budget.turn.tool_calls).");
    assertThat(budget.exceeded(Usage.NONE, new Usage(9, 90, 30, 0, 0, 0), STEP))
        .as("a reply may go over a limit, the next request may not")
        .contains(new Exceeded(
            Exceeded.Scope.SESSION, Quantity.TOKENS, 100, 120, "budget.session.tokens"));
    assertThat(budget.exceeded(two, new Usage(9, 90, 30, 0, 0, 0), Usage.NONE)).isEmpty();
  }

  @Test
  void shouldKnowHowMuchIsLeft() {
    Budget budget = budget("turn { tokens = 50 }, session { tokens = 100, cost = 1 }");
    assertThat(budget.left(Quantity.TOKENS, Usage.NONE, new Usage(1, 60, 10, 0, 0, 0)))
        .hasValue(30);
    assertThat(budget.left(Quantity.TOKENS, new Usage(1, 20, 10, 0, 0, 0), Usage.NONE))
        .hasValue(20);
    assertThat(budget.left(Quantity.COST, Usage.NONE, Usage.NONE)).hasValue(1_000_000_000);
    assertThat(budget.left(Quantity.STEPS, Usage.NONE, Usage.NONE)).isEmpty();
  }

  @Test
  void shouldPriceTokensExactly() {
    Prices prices = Prices.create(ConfigFactory.parseString(
        "prices { \"gpt.4\" { input = 2.5, output = 10 } }, tool-prices { charge = 0.01 }"));
    assertThat(prices.of("gpt.4", new ChatReply.Usage(1_000_000, 100))).isEqualTo(2_501_000_000L);
    assertThat(Quantity.money(2_501_000_000L)).hasToString("2.501");
    assertThat(prices.of("nano", new ChatReply.Usage(1_000_000, 100))).isZero();
    assertThat(prices.ofCall("charge")).isEqualTo(10_000_000);
    assertThatThrownBy(() ->
            Prices.create(ConfigFactory.parseString("prices { m { inputs = 1 } }, tool-prices {}")))
        .hasMessageContaining("prices.m.inputs; did you mean prices.m.input?");
    assertThatThrownBy(() -> Prices.create(
            ConfigFactory.parseString("prices { m { input = 0.00001 } }, tool-prices {}")))
        .hasMessageContaining("at most 3 decimal places");
  }

  @Test
  void shouldHaveTheDefaultsOfTheReference() {
    BudgetSettings settings = BudgetSettings.create(
        ConfigFactory.defaultReference().getConfig("llmagentos.agent.budget"));
    assertThat(settings.ofTenant("any")).isEmpty();
    assertThat(settings.ofPrincipal("any", "one")).isEmpty();
    assertThat(settings.prices()).isEqualTo(Prices.NONE);
    assertThat(settings.leaseTime()).hasMinutes(10);
    assertThat(settings.lease().most())
        .isEqualTo(Map.of(
            Quantity.STEPS, 20L,
            Quantity.TOKENS, 50_000L,
            Quantity.COST, 1_000_000_000L,
            Quantity.TOOL_CALLS, 20L,
            Quantity.WALL_TIME, 600_000L));
  }

  @Test
  void shouldLimitANamedAccountByItsOwnLimits() {
    BudgetSettings settings = BudgetSettings.create(ConfigFactory.parseString("""
        llmagentos.agent.budget { tenant { per = month, cost = 5 }, principal { steps = 9 },
          principals { "acme/ann" { per = forever, tool-calls = 1 }, "acme/bob" {} } }""")
        .withFallback(ConfigFactory.defaultReference())
        .getConfig("llmagentos.agent.budget"));
    assertThat(settings.ofTenant("acme").orElseThrow().per()).isEqualTo(Period.MONTH);
    AccountLimits ann = settings.ofPrincipal("acme", "ann").orElseThrow();
    assertThat(ann.exceeded(Exceeded.Scope.PRINCIPAL, Quantity.TOOL_CALLS, 1).key())
        .isEqualTo("llmagentos.agent.budget.principals.\"acme/ann\".tool-calls");
    assertThat(settings.ofPrincipal("acme", "bob")).isEmpty();
    assertThat(settings.ofPrincipal("other", "ann").orElseThrow().per()).isEqualTo(Period.DAY);
  }

  @Test
  void shouldBeginDaysAndMonthsInUtc() {
    Instant at = Instant.parse("2026-11-23T20:15:00Z");
    assertThat(Period.DAY.start(at)).isEqualTo(Instant.parse("2026-11-23T00:00:00Z"));
    assertThat(Period.MONTH.start(at)).isEqualTo(Instant.parse("2026-11-01T00:00:00Z"));
    assertThat(Period.FOREVER.start(at)).isEqualTo(Instant.EPOCH);
  }
}
