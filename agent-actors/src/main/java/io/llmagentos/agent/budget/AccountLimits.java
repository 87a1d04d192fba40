package io.llmagentos.agent.budget;

import com.typesafe.config.Config;
import java.util.Arrays;
import java.util.List;

/**
 * What a tenant or a principal may spend.
 *
 * @param key the setting that says so
 */
public record AccountLimits(Limits limits, Period per, String key) {
  static AccountLimits read(Config section, String where) {
    return new AccountLimits(
        Limits.read(section, where, '-', List.of("per")),
        section.hasPath("per") ? period(section.getString("per"), where) : Period.DAY,
        where);
  }

  private static Period period(String per, String where) {
    return Arrays.stream(Period.values())
        .filter(period -> period.id().equals(per))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            where + ".per must be day, month or forever, is '" + per + "'"));
  }

  /** The limit that forbids to spend anything more. */
  public Exceeded exceeded(Exceeded.Scope scope, Quantity quantity, long used) {
    return new Exceeded(
        scope,
        quantity,
        limits.most().getOrDefault(quantity, 0L),
        used,
        key + "." + quantity.id().replace('_', '-'));
  }
}
