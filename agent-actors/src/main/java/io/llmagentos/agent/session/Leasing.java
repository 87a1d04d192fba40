package io.llmagentos.agent.session;

import io.llmagentos.agent.account.Account;
import io.llmagentos.agent.account.AccountKey;
import io.llmagentos.agent.account.Accounts;
import io.llmagentos.agent.budget.Usage;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** A session's dealings with the accounts of its tenant and its principal. Of one actor. */
final class Leasing {
  private final SessionKey key;
  private final Accounts accounts;
  private boolean underWay;

  Leasing(SessionKey key, Accounts accounts) {
    this.key = key;
    this.accounts = accounts;
  }

  /** Whether the accounts are being asked. */
  boolean isUnderWay() {
    return underWay;
  }

  /** Whether nobody limits what the session spends, or what it has leased is enough for what is needed. */
  boolean suffices(SessionState state, Usage needed, Instant now) {
    return needed.equals(Usage.NONE)
        || limited().isEmpty()
        || state.lease().covers(state.usage(), needed, now);
  }

  /** What has to be recorded before {@link #take}: what was spent under the lease before, unless it is settled. */
  List<SessionEvent> begin(SessionState state, Instant now) {
    underWay = true;
    Lease lease = state.lease();
    return lease.isSettled() ? List.of() : List.of(settlement(state, lease.number(), now));
  }

  /** Ask for the next lease; see {@link Accounts#take}. Until {@link #end}, the lease is under way. */
  CompletionStage<Account.Reply> take(SessionState state, Usage needed) {
    Lease before = state.lease();
    return accounts.take(
        limited(),
        key.entityId(),
        before.number() + 1,
        before.settled().orElse(Usage.NONE),
        needed);
  }

  void end() {
    underWay = false;
  }

  /**
   * What has to be recorded when an account asks for a lease, before {@link #tellSettled}; nothing if it is settled.
   *
   * @param lease one that the session does not know was granted to it before a crash, and nothing was spent under it
   */
  List<SessionEvent> recalled(SessionState state, long lease, Instant now) {
    Lease known = state.lease();
    return lease < known.number() || (lease == known.number() && known.isSettled())
        ? List.of()
        : List.of(settlement(state, lease, now));
  }

  private static SessionEvent settlement(SessionState state, long lease, Instant now) {
    Lease known = state.lease();
    return new SessionEvent.LeaseSettled(
        lease, lease == known.number() ? known.used(state.usage()) : Usage.NONE, now);
  }

  /** Tell the accounts what a lease was settled with. They have heard already of one before the latest. */
  void tellSettled(SessionState state, long lease) {
    Lease latest = state.lease();
    accounts.settle(
        limited(),
        key.entityId(),
        lease,
        lease == latest.number() ? latest.settled().orElse(Usage.NONE) : Usage.NONE);
  }

  private List<AccountKey> limited() {
    return accounts.of(key.tenant(), key.principal());
  }
}
