package io.llmagentos.agent.budget;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigUtil;
import io.llmagentos.node.settings.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Prices, and what tenants and principals may spend. See {@code reference.conf}.
 *
 * @param tenant of every tenant that {@code tenants} does not name
 * @param principals by {@code TENANT/PRINCIPAL}
 * @param lease how much of each quantity a session takes at a time, at most
 * @param leaseTime after which it gives back what it has not used
 */
public record BudgetSettings(
    Prices prices,
    AccountLimits tenant,
    Map<String, AccountLimits> tenants,
    AccountLimits principal,
    Map<String, AccountLimits> principals,
    Limits lease,
    Duration leaseTime) {
  private static final String SECTION = "llmagentos.agent.budget.";

  public BudgetSettings {
    tenants = Map.copyOf(tenants);
    principals = Map.copyOf(principals);
    for (Quantity quantity : Quantity.values()) {
      if (lease.most().getOrDefault(quantity, 1L) < 1) {
        throw new IllegalArgumentException(
            SECTION + "lease." + quantity.id().replace('_', '-') + " must be above 0");
      }
    }
    Settings.requireAtLeast(SECTION + "lease-time", leaseTime, Duration.ofSeconds(1));
  }

  public static BudgetSettings create(Config section) {
    return new BudgetSettings(
        Prices.create(section),
        AccountLimits.read(section.getConfig("tenant"), SECTION + "tenant"),
        named(section.getConfig("tenants"), SECTION + "tenants"),
        AccountLimits.read(section.getConfig("principal"), SECTION + "principal"),
        named(section.getConfig("principals"), SECTION + "principals"),
        Limits.read(section.getConfig("lease"), SECTION + "lease", '-', List.of()),
        section.getDuration("lease-time"));
  }

  private static Map<String, AccountLimits> named(Config section, String where) {
    Map<String, AccountLimits> named = new TreeMap<>();
    for (String name : section.root().keySet()) {
      named.put(
          name,
          AccountLimits.read(
              section.getConfig(ConfigUtil.joinPath(name)),
              where + "." + ConfigUtil.joinPath(name)));
    }
    return named;
  }

  /** What is allowed to a tenant; empty: anything, and nobody counts. */
  public Optional<AccountLimits> ofTenant(String name) {
    return limited(tenants.getOrDefault(name, tenant));
  }

  /** What is allowed to a principal of a tenant; empty: anything, and nobody counts. */
  public Optional<AccountLimits> ofPrincipal(String tenantName, String name) {
    return limited(principals.getOrDefault(tenantName + "/" + name, principal));
  }

  private static Optional<AccountLimits> limited(AccountLimits limits) {
    return limits.limits().isEmpty() ? Optional.empty() : Optional.of(limits);
  }
}
