package io.llmagentos.agent.session;

import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What a session may spend of its tenant's and its principal's accounts, one lease after the other. Everything that the session spends is settled with
 * exactly one of them: what comes after a settlement belongs to the next.
 *
 * @param number from 1; 0: there was none yet
 * @param granted of each quantity that an account limits
 * @param before what the session had spent when the lease before was settled
 * @param settled what this lease was settled with; empty while it may be spent
 */
public record Lease(
    long number,
    Map<Quantity, Long> granted,
    Instant expiresAt,
    Usage before,
    Optional<Usage> settled) {
  static final Lease NONE =
      new Lease(0, Map.of(), Instant.EPOCH, Usage.NONE, Optional.of(Usage.NONE));

  public Lease {
    granted = Map.copyOf(granted);
  }

  boolean isSettled() {
    return settled.isPresent();
  }

  /** What was spent under it, of all that the session spent. */
  Usage used(Usage ofSession) {
    return ofSession.minus(before);
  }

  /** Whether it allows to spend so much more. */
  boolean covers(Usage ofSession, Usage needed, Instant now) {
    return !isSettled()
        && now.isBefore(expiresAt)
        && granted.entrySet().stream()
            .allMatch(each ->
                used(ofSession).of(each.getKey()) + needed.of(each.getKey()) <= each.getValue());
  }

  /** @param ofSession what the session has spent by then */
  Lease apply(SessionEvent event, Usage ofSession) {
    return switch (event) {
      case SessionEvent.BudgetLeased leased ->
        new Lease(
            leased.lease(),
            leased.granted(),
            leased.expiresAt(),
            // Nobody counted what was spent before there were accounts.
            number == 0 ? ofSession : spentBeforeNext(),
            Optional.empty());
      case SessionEvent.LeaseSettled settlement ->
        new Lease(
            settlement.lease(),
            Map.of(),
            Instant.EPOCH,
            settlement.lease() == number ? before : number == 0 ? ofSession : spentBeforeNext(),
            Optional.of(settlement.used()));
      default -> this;
    };
  }

  private Usage spentBeforeNext() {
    return before.plus(settled.orElse(Usage.NONE));
  }
}
