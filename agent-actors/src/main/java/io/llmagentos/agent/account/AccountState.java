package io.llmagentos.agent.account;

import io.llmagentos.agent.budget.Limits;
import io.llmagentos.agent.budget.Quantity;
import io.llmagentos.agent.budget.Usage;
import io.llmagentos.node.journal.JournalSnapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an account knows; immutable, a function of its events.
 *
 * @param since when the period began that {@code used} counts for: the one that was settled in last
 * @param used what was settled in it
 * @param leases those that are not settled, by session
 * @param settled the latest, by which a request that comes late is known
 * @param others the latest {@link #KEPT_PERIODS} of the other periods: a clock that goes back finds what was used in them
 */
public record AccountState(
    Instant since,
    Usage used,
    Map<String, Outstanding> leases,
    List<Settled> settled,
    List<Used> others)
    implements JournalSnapshot {
  static final int KEPT_SETTLED = 1024;
  static final int KEPT_PERIODS = 8;
  static final AccountState EMPTY =
      new AccountState(Instant.EPOCH, Usage.NONE, Map.of(), List.of(), List.of());

  /** A lease that its session may be spending. */
  public record Outstanding(long lease, Map<Quantity, Long> granted, Instant expiresAt) {
    public Outstanding {
      granted = Map.copyOf(granted);
    }
  }

  /** A lease that was settled. */
  public record Settled(String session, long lease) {}

  /** What was settled in the period that began then. */
  public record Used(Instant since, Usage used) {}

  public AccountState {
    leases = Map.copyOf(leases);
    settled = List.copyOf(settled);
    // Snapshots of version 1 have none.
    others = others == null ? List.of() : List.copyOf(others);
  }

  /** What was settled in the period that began then. */
  Usage usedSince(Instant start) {
    return start.equals(since)
        ? used
        : others.stream()
            .filter(each -> each.since().equals(start))
            .map(Used::used)
            .findFirst()
            .orElse(Usage.NONE);
  }

  private List<Used> othersThan(Instant start) {
    return Stream.concat(others.stream(), Stream.of(new Used(since, used)))
        .filter(each -> !each.since().equals(start) && !each.used().equals(Usage.NONE))
        .sorted(Comparator.comparing(Used::since).reversed())
        .limit(KEPT_PERIODS)
        .toList();
  }

  /** What sessions may be spending. */
  long leased(Quantity quantity) {
    return leases.values().stream()
        .mapToLong(lease -> lease.granted().getOrDefault(quantity, 0L))
        .sum();
  }

  Optional<Outstanding> lease(String session) {
    return Optional.ofNullable(leases.get(session));
  }

  boolean wasSettled(String session, long lease) {
    return settled.stream()
        .anyMatch(each -> each.session().equals(session) && each.lease() >= lease);
  }

  /** How much of a limited quantity is neither used nor leased. */
  private long available(Limits limits, Quantity quantity, Usage usedNow) {
    return limits.left(quantity, usedNow).orElse(Long.MAX_VALUE) - leased(quantity);
  }

  /** The first quantity of which there is not enough for what is needed. */
  Optional<Quantity> lacks(Limits limits, Usage usedNow, Usage needed) {
    return limits.most().keySet().stream()
        .filter(quantity -> needed.of(quantity) > Math.max(0, available(limits, quantity, usedNow)))
        .sorted()
        .findFirst();
  }

  /**
   * Of each limited quantity what a lease may be, but at most half of what is available as long as that suffices: others want some, too. Together with
   * what is used and leased never more than the limit.
   */
  Map<Quantity, Long> grant(Limits limits, Limits lease, Usage usedNow, Usage needed) {
    Map<Quantity, Long> granted = new EnumMap<>(Quantity.class);
    for (Quantity quantity : limits.most().keySet()) {
      long available = Math.max(0, available(limits, quantity, usedNow));
      long wanted = Math.max(
          needed.of(quantity),
          Math.min(lease.most().getOrDefault(quantity, Long.MAX_VALUE), available - available / 2));
      granted.put(quantity, Math.min(wanted, available));
    }
    return granted;
  }

  AccountState apply(AccountEvent event) {
    Map<String, Outstanding> changed = new HashMap<>(leases);
    return switch (event) {
      case AccountEvent.LeaseGranted granted -> {
        changed.put(
            granted.session(),
            new Outstanding(granted.lease(), granted.granted(), granted.expiresAt()));
        yield new AccountState(since, used, changed, settled, others);
      }
      case AccountEvent.LeaseSettled end -> {
        changed.remove(end.session());
        List<Settled> latest = new ArrayList<>(settled);
        latest.removeIf(each -> each.session().equals(end.session()));
        latest.add(new Settled(end.session(), end.lease()));
        yield new AccountState(
            end.since(),
            usedSince(end.since()).plus(end.used()),
            changed,
            latest.size() > KEPT_SETTLED ? latest.subList(1, latest.size()) : latest,
            othersThan(end.since()));
      }
    };
  }
}
