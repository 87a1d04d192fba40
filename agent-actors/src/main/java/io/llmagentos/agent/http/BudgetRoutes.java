package io.llmagentos.agent.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.agent.account.Account;
import io.llmagentos.agent.account.AccountKey;
import io.llmagentos.agent.account.Accounts;
import io.llmagentos.agent.budget.AccountLimits;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.node.Node;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.http.Api;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code GET /v1/budget}: what the caller and its tenant may spend, have spent, and have leased to sessions. */
public final class BudgetRoutes extends Api {
  private final Accounts accounts;

  public BudgetRoutes(Node node) {
    super(node);
    this.accounts = node.service(Accounts.class);
  }

  public Route route() {
    return pathPrefix(
        "v1",
        () -> path(
            "budget",
            () -> get(() -> withContext(context ->
                completeLater(budget(context).thenApply(budget -> json(200, budget)))))));
  }

  private CompletionStage<ObjectNode> budget(Context context) {
    CompletionStage<ObjectNode> budget =
        CompletableFuture.completedFuture(JSON.createObjectNode().put("object", "budget"));
    for (AccountKey account : accounts.of(context.tenant(), context.principal())) {
      AccountLimits limits = accounts.limits(account).orElseThrow();
      budget = budget.thenCombine(
          accounts.describe(account),
          (json, described) -> json.set(account.scope().id(), account(account, limits, described)));
    }
    return budget;
  }

  private static ObjectNode account(
      AccountKey account, AccountLimits limits, Account.Description described) {
    ObjectNode json = JSON.createObjectNode()
        .put("name", account.principal().isEmpty() ? account.tenant() : account.principal())
        .put("per", limits.per().id())
        .put("since", described.since().toString());
    json.set("limits", amounts(limits.limits().most()));
    json.set("used", TurnJson.usage(described.used()));
    json.set("leased", amounts(described.leased()));
    return json;
  }

  private static ObjectNode amounts(Map<Quantity, Long> amounts) {
    ObjectNode json = JSON.createObjectNode();
    amounts.forEach((quantity, amount) -> json.put(quantity.id(), quantity.text(amount)));
    return json;
  }
}
