package io.llmagentos.agent.budget;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;

/** What a budget limits. Amounts are whole numbers, of money in billionths, of time in milliseconds. */
public enum Quantity {
  /** Requests to the model. */
  @JsonProperty("steps")
  STEPS,
  /** Of prompts and completions, as the model reports them. */
  @JsonProperty("tokens")
  TOKENS,
  /** Money, in whatever currency the prices are. */
  @JsonProperty("cost")
  COST,
  @JsonProperty("tool_calls")
  TOOL_CALLS,
  /** While a turn is worked on; waiting for a person is free. */
  @JsonProperty("wall_time")
  WALL_TIME;

  /** Billionths in one. */
  static final int COST_DIGITS = 9;

  /** As a definition and JSON name it; settings have {@code -} for {@code _}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** For people: {@code 0.05}, {@code PT30S}, {@code 4}. */
  public String text(long amount) {
    return switch (this) {
      case COST -> money(amount).toPlainString();
      case WALL_TIME -> Duration.ofMillis(amount).toString();
      case STEPS, TOKENS, TOOL_CALLS -> Long.toString(amount);
    };
  }

  /** What billionths are. */
  public static BigDecimal money(long billionths) {
    BigDecimal money = BigDecimal.valueOf(billionths, COST_DIGITS).stripTrailingZeros();
    return money.scale() < 0 ? money.setScale(0) : money;
  }

  /** @throws ArithmeticException when it has more digits than billionths, or too many */
  static long billionths(BigDecimal money) {
    return money.movePointRight(COST_DIGITS).longValueExact();
  }
}
