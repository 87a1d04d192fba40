package io.llmagentos.agent.account;

import io.llmagentos.agent.budget.AccountLimits;
import io.llmagentos.agent.budget.BudgetSettings;
import io.llmagentos.agent.budget.Exceeded;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Whose account.
 *
 * @param principal empty: the tenant's own
 */
public record AccountKey(String tenant, String principal) {
  public String entityId() {
    return encode(tenant) + "/" + encode(principal);
  }

  public static AccountKey parse(String entityId) {
    String[] parts = entityId.split("/", -1);
    return new AccountKey(decode(parts[0]), decode(parts[1]));
  }

  public Exceeded.Scope scope() {
    return principal.isEmpty() ? Exceeded.Scope.TENANT : Exceeded.Scope.PRINCIPAL;
  }

  /** Empty: it is not limited. */
  Optional<AccountLimits> limits(BudgetSettings settings) {
    return principal.isEmpty()
        ? settings.ofTenant(tenant)
        : settings.ofPrincipal(tenant, principal);
  }

  private static String encode(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8);
  }

  private static String decode(String part) {
    return URLDecoder.decode(part, StandardCharsets.UTF_8);
  }
}
