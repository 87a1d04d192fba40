package io.llmagentos.agent.account;

import io.llmagentos.agent.budget.AccountLimits;
import io.llmagentos.agent.budget.BudgetSettings;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;

/** The accounts of the cluster, as sessions and doors reach them. Thread-safe. */
public final class Accounts {
  private static final Duration ASK = Duration.ofSeconds(1);
  private static final int ATTEMPTS = 20;
  /** Attempts in which sessions that rest may give back what they have leased. */
  private static final int PATIENT_ATTEMPTS = 5;

  private final ActorSystem<?> system;
  private final BudgetSettings settings;

  public Accounts(ActorSystem<?> system, BudgetSettings settings) {
    this.system = system;
    this.settings = settings;
  }

  /** Those that limit what a principal's sessions spend: the tenant's, the principal's, both or none. */
  public List<AccountKey> of(String tenant, String principal) {
    return Stream.of(new AccountKey(tenant, ""), new AccountKey(tenant, principal))
        .filter(account -> account.limits(settings).isPresent())
        .toList();
  }

  public Optional<AccountLimits> limits(AccountKey account) {
    return account.limits(settings);
  }

  /**
   * Take the session's next lease from every account: what is granted is what all of them grant. Asking again has no second effect.
   *
   * @return {@link Account.Leased} or {@link Account.Refused}; fails with {@code UNAVAILABLE} when an account does not answer
   */
  public CompletionStage<Account.Reply> take(
      List<AccountKey> accounts, String session, long lease, Usage before, Usage needed) {
    CompletionStage<Account.Reply> taken =
        CompletableFuture.completedFuture(new Account.Leased(lease, Map.of(), Instant.MAX));
    for (AccountKey account : accounts) {
      taken = taken.thenCompose(sofar -> sofar instanceof Account.Leased leased
          ? ask(
                  account,
                  attempt -> replyTo -> new Account.Take(
                      session, lease, before, needed, attempt < PATIENT_ATTEMPTS, replyTo),
                  1)
              .thenApply(reply -> reply instanceof Account.Leased more ? both(leased, more) : reply)
          : CompletableFuture.completedFuture(sofar));
    }
    return taken;
  }

  private static Account.Reply both(Account.Leased one, Account.Leased other) {
    Map<Quantity, Long> granted = new HashMap<>(one.granted());
    other.granted().forEach((quantity, amount) -> granted.merge(quantity, amount, Math::min));
    return new Account.Leased(
        one.lease(),
        granted,
        one.expiresAt().isBefore(other.expiresAt()) ? one.expiresAt() : other.expiresAt());
  }

  /** Tell the accounts what was spent under a lease; they ask again where that is lost. */
  public void settle(List<AccountKey> accounts, String session, long lease, Usage used) {
    accounts.forEach(account -> entity(account).tell(new Account.Settle(session, lease, used)));
  }

  public CompletionStage<Account.Description> describe(AccountKey account) {
    return ask(account, attempt -> Account.Describe::new, 1)
        .thenApply(Account.Description.class::cast);
  }

  private CompletionStage<Account.Reply> ask(
      AccountKey account,
      Function<Integer, Function<ActorRef<Account.Reply>, Account.Command>> message,
      int attempt) {
    return AskPattern.<Account.Command, Account.Reply>ask(
            entity(account), message.apply(attempt)::apply, ASK, system.scheduler())
        .exceptionallyCompose(failure -> {
          Throwable cause = failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
          if (!(cause instanceof TimeoutException)) {
            return CompletableFuture.failedFuture(cause);
          }
          return attempt < ATTEMPTS
              ? ask(account, message, attempt + 1)
              : CompletableFuture.failedFuture(new AgentOsException(
                  ErrorCode.UNAVAILABLE,
                  "the account of the " + account.scope().id() + " did not answer within "
                      + ASK.multipliedBy(ATTEMPTS) + "; try again",
                  null,
                  cause));
        });
  }

  private EntityRef<Account.Command> entity(AccountKey account) {
    return ClusterSharding.get(system).entityRefFor(Account.KEY, account.entityId());
  }
}
