package io.llmagentos.node.placement;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Decides which member goes to which host. Told of hosts, wishes and ends, it answers with what is to be done. Not thread-safe; knows no actors.
 *
 * <p>A wish is granted as a gang: room for every group's minimum is held before the owner is told. The owner then journals a new epoch and starts it;
 * so an epoch is never placed twice, whoever dies in between. Wishes go by priority, then by age. One that waits for room that others hold keeps later
 * ones from taking it; one that the cluster could not hold even if it were empty keeps nobody waiting.
 */
final class Placements {
  /** What is to be done about a decision. */
  sealed interface Decision {}

  record StartMember(String host, MemberId member, Group group, String kind, String payload)
      implements Decision {}

  record StopMember(String host, MemberId member) implements Decision {}

  /** The owner may start a new epoch. */
  record Granted(String owner) implements Decision {}

  record Queued(String owner, String reason) implements Decision {}

  /** The owner's epoch is over: an essential member is gone. */
  record EpochLost(String owner, long epoch, String reason) implements Decision {}

  /** The members that run, for the leader and the owner. */
  record MembersChanged(String owner, long epoch) implements Decision {}

  /** What a host says of itself when it is first heard of. */
  record Offer(String host, Set<String> roles, Set<String> kinds, Resources total) {
    Offer {
      roles = Set.copyOf(roles);
      kinds = Set.copyOf(kinds);
    }
  }

  private enum Phase {
    /** Room is held for a start that the owner was granted. */
    HELD,
    STARTING,
    RUNNING,
    STOPPING
  }

  private static final class Seat {
    final MemberId member;
    final Group group;
    final String host;
    Phase phase;
    /** When the host was last told to start or to stop it. */
    Instant toldAt = Instant.MIN;

    Seat(MemberId member, Group group, String host, Phase phase) {
      this.member = member;
      this.group = group;
      this.host = host;
      this.phase = phase;
    }
  }

  private static final class Owner {
    Wish wish;
    String payload = "";
    boolean started;

    @Nullable
    Instant heldUntil;

    String reason = "";
    /** By place in its group, within the epoch. */
    final Map<String, Integer> failures = new HashMap<>();

    final Map<String, Integer> refills = new HashMap<>();

    Owner(Wish wish) {
      this.wish = wish;
    }
  }

  /** The epoch of members that are not started yet. */
  private static final long HELD_EPOCH = -1;

  /** No member's epoch. */
  private static final long NONE = -2;

  private static final Duration TELL_AGAIN = Duration.ofSeconds(3);
  private static final Duration HOLD = Duration.ofSeconds(15);

  /** So often may a place within an epoch fail by itself before the epoch is given up. */
  private static final int FAILURES_OF_A_PLACE = 3;

  private final Map<String, Offer> hosts = new TreeMap<>();
  private final Map<String, Owner> owners = new LinkedHashMap<>();
  private final Map<MemberId, Seat> seats = new LinkedHashMap<>();
  private final Map<MemberId, Instant> unclaimedSince = new HashMap<>();
  private final ToIntFunction<String> coreQuota;
  private final Duration unclaimedLimit;

  /**
   * @param coreQuota the most cores that the owners of a quota group may hold together
   * @param unclaimedLimit how long members may run whose owner does not speak up after a scheduler moved
   */
  Placements(ToIntFunction<String> coreQuota, Duration unclaimedLimit) {
    this.coreQuota = coreQuota;
    this.unclaimedLimit = unclaimedLimit;
  }

  boolean knows(String host) {
    return hosts.containsKey(host);
  }

  Set<String> hostNames() {
    return Set.copyOf(hosts.keySet());
  }

  /** What a host hosts: it joined, this scheduler is new, or it was asked again. */
  List<Decision> offered(Offer offer, Map<MemberId, Group> hosting, Instant now) {
    hosts.put(offer.host(), offer);
    List<Decision> decisions = new ArrayList<>();
    List<Seat> vanished = seats.values().stream()
        .filter(seat -> seat.host.equals(offer.host())
            && seat.phase == Phase.RUNNING
            && !hosting.containsKey(seat.member))
        .toList();
    vanished.forEach(seat -> decisions.addAll(ended(seat.member, "it ended unnoticed", now)));
    hosting.forEach((member, group) -> {
      if (!seats.containsKey(member)) {
        seats.put(member, new Seat(member, group, offer.host(), Phase.RUNNING));
        unclaimedSince.put(member, now);
      }
    });
    decisions.addAll(settle(now));
    return decisions;
  }

  /** A host left or died, and everything on it. */
  List<Decision> gone(String host, Instant now) {
    List<Decision> decisions = new ArrayList<>();
    hosts.remove(host);
    List<Seat> lost =
        seats.values().stream().filter(seat -> seat.host.equals(host)).toList();
    lost.forEach(seat -> seats.remove(seat.member));
    lost.forEach(seat -> decisions.addAll(afterLoss(seat, "its node " + host + " is gone")));
    decisions.addAll(settle(now));
    return decisions;
  }

  /**
   * A wish, new or repeated. Its owner repeats it until it ends, so that a scheduler that begins anew learns of it.
   *
   * @param payload what members of a placed epoch were started with, should one have to be replaced
   */
  List<Decision> wished(Wish wish, String payload, Instant now) {
    Owner owner = owners.computeIfAbsent(wish.owner(), name -> new Owner(wish));
    if (wish.epoch() < owner.wish.epoch()) {
      return List.of(); // said before the epoch that runs
    }
    owner.wish = wish;
    seats.keySet().stream()
        .filter(member -> member.owner().equals(wish.owner()))
        .forEach(unclaimedSince::remove);
    List<Decision> decisions = new ArrayList<>();
    if (!wish.placed()) {
      owner.started = false;
      decisions.addAll(stopAllBut(wish.owner(), NONE));
      if (owner.heldUntil != null) {
        decisions.add(new Granted(wish.owner()));
      } else if (!owner.reason.isEmpty()) {
        decisions.add(new Queued(wish.owner(), owner.reason));
      }
    } else if (!owner.started) {
      // Placed through an earlier scheduler: its members run, or they are lost.
      owner.payload = payload;
      owner.started = true;
      decisions.addAll(stopAllBut(wish.owner(), wish.epoch()));
      decisions.addAll(
          members(wish.owner(), wish.epoch(), wish.leader().name()).isEmpty()
              ? lose(wish.owner(), "its leader is gone")
              : List.of(new MembersChanged(wish.owner(), wish.epoch())));
    }
    decisions.addAll(settle(now));
    return decisions;
  }

  /** The owner journalled a new epoch after it was granted: its members start. */
  List<Decision> started(String name, long epoch, String payload, Instant now) {
    Owner owner = owners.get(name);
    List<Decision> decisions = new ArrayList<>();
    if (owner == null) {
      return decisions;
    }
    List<Seat> held = seats.values().stream()
        .filter(seat -> seat.member.owner().equals(name) && seat.phase == Phase.HELD)
        .toList();
    held.forEach(seat -> seats.remove(seat.member));
    owner.heldUntil = null;
    Wish wish = owner.wish;
    owner.wish = new Wish(
        name,
        epoch,
        true,
        wish.kind(),
        wish.quotaGroup(),
        wish.priority(),
        wish.since(),
        wish.groups());
    owner.payload = payload;
    owner.started = true;
    owner.reason = "";
    owner.failures.clear();
    owner.refills.clear();
    if (held.isEmpty()) {
      decisions.addAll(lose(name, "the nodes it was granted are gone"));
      decisions.addAll(settle(now));
      return decisions;
    }
    for (Seat seat : held) {
      decisions.add(start(
          owner,
          seat.group,
          seat.host,
          new MemberId(name, epoch, seat.group.name(), seat.member.index(), 0)));
    }
    decisions.addAll(settle(now));
    return decisions;
  }

  /** The owner wants nothing any more: it ended, paused or was cancelled. */
  List<Decision> withdrawn(String name, Instant now) {
    owners.remove(name);
    List<Decision> decisions = new ArrayList<>(stopAllBut(name, NONE));
    decisions.addAll(settle(now));
    return decisions;
  }

  List<Decision> running(MemberId member) {
    Seat seat = seats.get(member);
    if (seat == null || seat.phase != Phase.STARTING) {
      return List.of();
    }
    seat.phase = Phase.RUNNING;
    return List.of(new MembersChanged(member.owner(), member.epoch()));
  }

  /** A member ended: it was stopped, finished, or failed for a reason. */
  List<Decision> ended(MemberId member, String reason, Instant now) {
    Seat seat = seats.remove(member);
    List<Decision> decisions = new ArrayList<>();
    if (seat != null && seat.phase != Phase.STOPPING) {
      Owner owner = owners.get(member.owner());
      int failures = owner == null
          ? 0
          : owner.failures.merge(member.group() + "-" + member.index(), 1, Integer::sum);
      decisions.addAll(
          failures >= FAILURES_OF_A_PLACE && !seat.group.essential()
              ? lose(
                  member.owner(),
                  member.group() + "-" + member.index() + " failed " + failures + " times: "
                      + reason)
              : afterLoss(seat, reason));
    }
    decisions.addAll(settle(now));
    return decisions;
  }

  /** Time has passed: room that is held too long, members that nobody claims. */
  List<Decision> ticked(Instant now) {
    List<Decision> decisions = new ArrayList<>();
    owners.forEach((name, owner) -> {
      Instant until = owner.heldUntil;
      if (until != null && now.isAfter(until)) {
        owner.heldUntil = null;
        seats
            .values()
            .removeIf(seat -> seat.member.owner().equals(name) && seat.phase == Phase.HELD);
      }
    });
    for (Map.Entry<MemberId, Instant> unclaimed : List.copyOf(unclaimedSince.entrySet())) {
      Seat seat = seats.get(unclaimed.getKey());
      if (seat == null) {
        unclaimedSince.remove(unclaimed.getKey());
      } else if (now.isAfter(unclaimed.getValue().plus(unclaimedLimit))) {
        unclaimedSince.remove(unclaimed.getKey());
        decisions.addAll(stop(seat));
      }
    }
    for (Seat seat : seats.values()) {
      if (now.isAfter(seat.toldAt.plus(TELL_AGAIN))) {
        if (seat.phase == Phase.STARTING) {
          Owner owner = owners.get(seat.member.owner());
          if (owner != null) {
            seat.toldAt = now;
            decisions.add(startOf(owner, seat));
          }
        } else if (seat.phase == Phase.STOPPING) {
          seat.toldAt = now;
          decisions.add(new StopMember(seat.host, seat.member));
        }
      }
    }
    decisions.addAll(settle(now));
    return decisions;
  }

  /** The members of an epoch that run, by group and index, with their hosts. */
  Map<MemberId, String> runningMembers(String owner, long epoch) {
    Map<MemberId, String> running = new LinkedHashMap<>();
    seats.values().stream()
        .filter(seat -> seat.phase == Phase.RUNNING
            && seat.member.owner().equals(owner)
            && seat.member.epoch() == epoch)
        .sorted(Comparator.comparing((Seat seat) -> seat.member.group())
            .thenComparingInt(seat -> seat.member.index()))
        .forEach(seat -> running.put(seat.member, seat.host));
    return running;
  }

  Optional<Wish> wish(String owner) {
    return Optional.ofNullable(owners.get(owner)).map(known -> known.wish);
  }

  // ---- within an epoch

  private List<Decision> afterLoss(Seat seat, String reason) {
    Owner owner = owners.get(seat.member.owner());
    if (owner == null || seat.phase == Phase.STOPPING) {
      return List.of();
    }
    if (seat.phase == Phase.HELD) {
      // The start that the owner was granted cannot happen as it was held: it is held anew.
      seats
          .values()
          .removeIf(other ->
              other.member.owner().equals(seat.member.owner()) && other.phase == Phase.HELD);
      owner.heldUntil = null;
      return List.of();
    }
    if (seat.member.epoch() != owner.wish.epoch()) {
      return List.of();
    }
    return seat.group.essential()
        ? lose(seat.member.owner(), seat.member.group() + "-" + seat.member.index() + ": " + reason)
        : List.of(new MembersChanged(seat.member.owner(), seat.member.epoch()));
  }

  private List<Decision> lose(String name, String reason) {
    Owner owner = owners.remove(name);
    List<Decision> decisions = new ArrayList<>(stopAllBut(name, NONE));
    if (owner != null) {
      decisions.add(new EpochLost(name, owner.wish.epoch(), reason));
    }
    return decisions;
  }

  /** Stop what runs for an owner, one epoch excepted; held room goes when the owner is gone. */
  private List<Decision> stopAllBut(String owner, long epoch) {
    List<Decision> decisions = new ArrayList<>();
    for (Seat seat : List.copyOf(seats.values())) {
      if (!seat.member.owner().equals(owner) || seat.member.epoch() == epoch) {
        continue;
      }
      if (seat.phase != Phase.HELD) {
        decisions.addAll(stop(seat));
      } else if (!owners.containsKey(owner)) {
        seats.remove(seat.member);
      }
    }
    return decisions;
  }

  private static List<Decision> stop(Seat seat) {
    if (seat.phase == Phase.STOPPING) {
      return List.of();
    }
    seat.phase = Phase.STOPPING;
    return List.of(new StopMember(seat.host, seat.member));
  }

  private StartMember start(Owner owner, Group group, String host, MemberId member) {
    Seat seat = new Seat(member, group, host, Phase.STARTING);
    seats.put(member, seat);
    return startOf(owner, seat);
  }

  private static StartMember startOf(Owner owner, Seat seat) {
    return new StartMember(seat.host, seat.member, seat.group, owner.wish.kind(), owner.payload);
  }

  // ---- who comes next

  private List<Decision> settle(Instant now) {
    List<Decision> decisions = new ArrayList<>();
    boolean blocked = false;
    for (Owner owner : inOrder()) {
      if (owner.started) {
        if (!blocked) {
          decisions.addAll(grow(owner));
        }
      } else if (owner.heldUntil == null) {
        String reason = blocked ? "an earlier job waits for the same nodes" : hold(owner, now);
        if (reason.isEmpty()) {
          owner.reason = "";
          decisions.add(new Granted(owner.wish.owner()));
        } else {
          blocked |= couldFitAnEmptyCluster(owner.wish) && !overQuota(owner.wish);
          if (!reason.equals(owner.reason)) {
            owner.reason = reason;
            decisions.add(new Queued(owner.wish.owner(), reason));
          }
        }
      }
    }
    return decisions;
  }

  private List<Owner> inOrder() {
    return owners.values().stream()
        .sorted(Comparator.comparingInt((Owner owner) -> -owner.wish.priority())
            .thenComparing(owner -> owner.wish.since())
            .thenComparing(owner -> owner.wish.owner()))
        .toList();
  }

  /** Hold room for the minimum of every group; the reason why not, or an empty text. */
  private String hold(Owner owner, Instant now) {
    Wish wish = owner.wish;
    if (overQuota(wish)) {
      return "its tenant '" + wish.quotaGroup() + "' may hold "
          + coreQuota.applyAsInt(wish.quotaGroup()) + " cores (llmagentos.jobs.quotas), holds "
          + coresOf(wish.quotaGroup()) + " and this one needs " + wish.minimum().cores();
    }
    Map<String, Resources> free = free();
    List<Seat> wanted = new ArrayList<>();
    for (Group group : wish.groups()) {
      for (int index = 0; index < group.minimum(); index++) {
        String host = roomiest(wish.kind(), group, free);
        if (host == null) {
          return whyNot(wish, group);
        }
        free.compute(
            host, (name, left) -> left == null ? Resources.NONE : left.minus(group.each()));
        wanted.add(new Seat(
            new MemberId(wish.owner(), HELD_EPOCH, group.name(), index, 0),
            group,
            host,
            Phase.HELD));
      }
    }
    wanted.forEach(seat -> seats.put(seat.member, seat));
    owner.heldUntil = now.plus(HOLD);
    return "";
  }

  private String whyNot(Wish wish, Group group) {
    List<Offer> able = hosts.values().stream()
        .filter(host -> host.kinds().contains(wish.kind()))
        .filter(host -> host.roles().contains(group.role()))
        .toList();
    if (able.isEmpty()) {
      return "no node has the role " + group.role() + " and can run " + wish.kind() + "; "
          + hosts.size() + " nodes are known";
    }
    Map<String, Resources> free = free();
    String most = able.stream()
        .map(host -> free.getOrDefault(host.host(), Resources.NONE))
        .max(Comparator.comparingInt(Resources::cores))
        .map(Resources::toString)
        .orElse("nothing");
    return "needs " + group.minimum() + " x " + group.name() + " of " + group.each()
        + " on nodes with the role " + group.role() + ", of which there are " + able.size()
        + "; the freest has " + most + " left"
        + (couldFitAnEmptyCluster(wish)
            ? ""
            : ", and even when they are empty they hold too little");
  }

  /** Members that were lost are replaced, and groups grow to their maximum. */
  private List<Decision> grow(Owner owner) {
    List<Decision> decisions = new ArrayList<>();
    Wish wish = owner.wish;
    for (Group group : wish.groups()) {
      List<Seat> present = members(wish.owner(), wish.epoch(), group.name());
      for (int index = 0; index < group.maximum(); index++) {
        int at = index;
        if (group.essential() || present.stream().anyMatch(seat -> seat.member.index() == at)) {
          continue;
        }
        if (index >= group.minimum() && overQuotaBy(wish, group.each())) {
          break;
        }
        String host = roomiest(wish.kind(), group, free());
        if (host == null) {
          break;
        }
        int incarnation = owner.refills.merge(group.name() + "-" + index, 1, Integer::sum);
        decisions.add(start(
            owner,
            group,
            host,
            new MemberId(wish.owner(), wish.epoch(), group.name(), index, incarnation)));
      }
    }
    return decisions;
  }

  private List<Seat> members(String owner, long epoch, String group) {
    return seats.values().stream()
        .filter(seat -> seat.phase != Phase.STOPPING
            && seat.member.owner().equals(owner)
            && seat.member.epoch() == epoch
            && seat.member.group().equals(group))
        .toList();
  }

  /** Spreads: the host with the most cores left that can take it; by name where equal. */
  private @Nullable String roomiest(String kind, Group group, Map<String, Resources> free) {
    return hosts.values().stream()
        .filter(host -> host.kinds().contains(kind) && host.roles().contains(group.role()))
        .filter(host -> group.each().fitsIn(free.getOrDefault(host.host(), Resources.NONE)))
        .max(Comparator.comparingInt(
                (Offer host) -> free.getOrDefault(host.host(), Resources.NONE).cores())
            .thenComparing(Offer::host, Comparator.reverseOrder()))
        .map(Offer::host)
        .orElse(null);
  }

  private Map<String, Resources> free() {
    Map<String, Resources> free = new HashMap<>();
    hosts.forEach((name, offer) -> free.put(name, offer.total()));
    seats
        .values()
        .forEach(seat ->
            free.computeIfPresent(seat.host, (name, left) -> left.minus(seat.group.each())));
    return free;
  }

  private boolean couldFitAnEmptyCluster(Wish wish) {
    Map<String, Resources> all = new HashMap<>();
    hosts.forEach((name, offer) -> all.put(name, offer.total()));
    for (Group group : wish.groups()) {
      for (int i = 0; i < group.minimum(); i++) {
        String host = roomiest(wish.kind(), group, all);
        if (host == null) {
          return false;
        }
        all.compute(host, (name, left) -> left == null ? Resources.NONE : left.minus(group.each()));
      }
    }
    return true;
  }

  private boolean overQuota(Wish wish) {
    return overQuotaBy(wish, wish.minimum());
  }

  private boolean overQuotaBy(Wish wish, Resources more) {
    return coresOf(wish.quotaGroup()) + more.cores() > coreQuota.applyAsInt(wish.quotaGroup());
  }

  private int coresOf(String quotaGroup) {
    return seats.values().stream()
        .filter(seat -> {
          Owner owner = owners.get(seat.member.owner());
          return owner != null && owner.wish.quotaGroup().equals(quotaGroup);
        })
        .mapToInt(seat -> seat.group.each().cores())
        .sum();
  }
}
