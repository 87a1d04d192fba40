package io.llmagentos.node.placement;

import io.llmagentos.node.wire.WireMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.ClusterSingletonSettings;
import org.apache.pekko.cluster.typed.SingletonActor;

/**
 * One per cluster, on a {@code core} node: carries out what {@link Placements} decides. It keeps nothing: owners repeat their wishes and hosts tell what
 * they host, so that the next one goes on where this one died. It decides nothing before every host was heard or {@link #SETTLE} is over.
 */
public final class Scheduler {
  /** How often owners repeat their wishes. */
  public static final Duration REPEAT = Duration.ofSeconds(3);

  private static final Duration TICK = Duration.ofSeconds(1);
  private static final int COMPARE_EVERY_TICKS = 10;
  private static final Duration SETTLE = Duration.ofSeconds(5);
  private static final Duration UNCLAIMED = Duration.ofSeconds(30);

  public sealed interface Command {}

  public sealed interface Request extends Command, WireMessage {}

  /**
   * An owner's wish; repeat it while it holds.
   *
   * @param payload of the placed epoch's members
   */
  public record Wanted(Wish wish, String payload, ActorRef<Notice> owner) implements Request {}

  /** The owner journalled this epoch after {@link Granted}: start it. */
  public record Begin(String owner, long epoch, String payload) implements Request {}

  public record Withdrawn(String owner) implements Request {}

  record Hosting(MemberId member, Group group, ActorRef<MemberCommand> ref) {}

  record Offered(
      String address,
      ActorRef<NodeHost.Command> host,
      Set<String> roles,
      Set<String> kinds,
      Resources total,
      List<Hosting> hosting)
      implements Request {
    Offered {
      roles = Set.copyOf(roles);
      kinds = Set.copyOf(kinds);
      hosting = List.copyOf(hosting);
    }
  }

  record Running(MemberId member, ActorRef<MemberCommand> ref) implements Request {}

  record Ended(MemberId member, String reason) implements Request {}

  private record Hosts(Set<ActorRef<NodeHost.Command>> hosts) implements Command {}

  private enum Tick implements Command {
    TICK
  }

  private enum Settled implements Command {
    SETTLED
  }

  /** What owners hear. */
  public sealed interface Notice extends WireMessage {}

  /** Room is held for a moment: journal the next epoch and say {@link Begin}. */
  public record Granted() implements Notice {}

  public record Queued(String reason) implements Notice {}

  public record Placed(long epoch, List<Members.Member> members) implements Notice {
    public Placed {
      members = List.copyOf(members);
    }
  }

  public record EpochLost(long epoch, String reason) implements Notice {}

  /** The types that cross the wire, in the order of their ids. */
  public static final List<Class<?>> WIRE_TYPES = List.of(
      Wanted.class,
      Begin.class,
      Withdrawn.class,
      Hosting.class,
      Offered.class,
      Running.class,
      Ended.class,
      Granted.class,
      Queued.class,
      Placed.class,
      EpochLost.class,
      Wish.class,
      Group.class,
      Resources.class,
      MemberId.class,
      Members.class,
      Members.Member.class,
      NodeHost.Attach.class,
      NodeHost.Start.class,
      NodeHost.Stop.class);

  private final ActorContext<Command> context;
  private final Clock clock;
  private final Placements placements;
  private final Map<String, ActorRef<NodeHost.Command>> hosts = new HashMap<>();
  private final Map<MemberId, ActorRef<MemberCommand>> refs = new HashMap<>();
  private final Map<String, ActorRef<Notice>> owners = new HashMap<>();
  private final List<Command> early = new ArrayList<>();
  private Set<ActorRef<NodeHost.Command>> listed = Set.of();
  private boolean settled;
  private long ticks;

  private Scheduler(ActorContext<Command> context, Clock clock, ToIntFunction<String> coreQuota) {
    this.context = context;
    this.clock = clock;
    this.placements = new Placements(coreQuota, UNCLAIMED);
  }

  /** The cluster's scheduler; call it on every node. */
  public static ActorRef<Command> proxy(
      ActorSystem<?> system, Clock clock, ToIntFunction<String> coreQuota) {
    return ClusterSingleton.get(system)
        .init(SingletonActor.of(create(clock, coreQuota), "scheduler")
            .withSettings(ClusterSingletonSettings.create(system).withRole("core")));
  }

  static Behavior<Command> create(Clock clock, ToIntFunction<String> coreQuota) {
    return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
      timers.startTimerWithFixedDelay(Tick.TICK, TICK);
      timers.startSingleTimer(Settled.SETTLED, SETTLE);
      context
          .getSystem()
          .receptionist()
          .tell(Receptionist.subscribe(
              NodeHost.KEY,
              context.messageAdapter(
                  Receptionist.Listing.class,
                  listing -> new Hosts(listing.getAllServiceInstances(NodeHost.KEY)))));
      return new Scheduler(context, clock, coreQuota).scheduling();
    }));
  }

  private Behavior<Command> scheduling() {
    return Behaviors.receive(Command.class)
        .onMessage(Hosts.class, this::onHosts)
        .onMessage(Offered.class, this::onOffered)
        .onMessage(Wanted.class, this::onWanted)
        .onMessage(Begin.class, this::onBegin)
        .onMessage(Withdrawn.class, this::onWithdrawn)
        .onMessage(Running.class, this::onRunning)
        .onMessage(Ended.class, this::onEnded)
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(Settled.class, over -> onSettled())
        .build();
  }

  private Behavior<Command> onHosts(Hosts found) {
    listed = Set.copyOf(found.hosts());
    listed.stream()
        .filter(host -> !hosts.containsValue(host))
        .forEach(host -> host.tell(new NodeHost.Attach(context.getSelf())));
    Set<String> gone = new HashSet<>();
    hosts.forEach((address, host) -> {
      if (!listed.contains(host)) {
        gone.add(address);
      }
    });
    gone.forEach(address -> {
      hosts.remove(address);
      carryOut(placements.gone(address, now()));
    });
    return Behaviors.same();
  }

  private Behavior<Command> onOffered(Offered offered) {
    if (!listed.contains(offered.host())) {
      return Behaviors.same();
    }
    ActorRef<NodeHost.Command> before = hosts.get(offered.address());
    if (before != null && !before.equals(offered.host())) {
      carryOut(placements.gone(offered.address(), now())); // another process at the same address
    }
    hosts.put(offered.address(), offered.host());
    Map<MemberId, Group> hosting = new HashMap<>();
    offered.hosting().forEach(each -> {
      hosting.put(each.member(), each.group());
      refs.put(each.member(), each.ref());
    });
    carryOut(placements.offered(
        new Placements.Offer(offered.address(), offered.roles(), offered.kinds(), offered.total()),
        hosting,
        now()));
    if (!settled && hosts.values().containsAll(listed)) {
      return onSettled();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onSettled() {
    if (!settled) {
      settled = true;
      early.forEach(context.getSelf()::tell);
      early.clear();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onWanted(Wanted wanted) {
    if (!settled) {
      early.add(wanted);
      return Behaviors.same();
    }
    owners.put(wanted.wish().owner(), wanted.owner());
    carryOut(placements.wished(wanted.wish(), wanted.payload(), now()));
    return Behaviors.same();
  }

  private Behavior<Command> onBegin(Begin begin) {
    if (!settled) {
      early.add(begin);
      return Behaviors.same();
    }
    carryOut(placements.started(begin.owner(), begin.epoch(), begin.payload(), now()));
    return Behaviors.same();
  }

  private Behavior<Command> onWithdrawn(Withdrawn withdrawn) {
    if (!settled) {
      early.add(withdrawn);
      return Behaviors.same();
    }
    carryOut(placements.withdrawn(withdrawn.owner(), now()));
    owners.remove(withdrawn.owner());
    return Behaviors.same();
  }

  private Behavior<Command> onRunning(Running running) {
    refs.put(running.member(), running.ref());
    carryOut(placements.running(running.member()));
    return Behaviors.same();
  }

  private Behavior<Command> onEnded(Ended ended) {
    refs.remove(ended.member());
    carryOut(placements.ended(ended.member(), ended.reason(), now()));
    return Behaviors.same();
  }

  private Behavior<Command> onTick() {
    boolean compare = ++ticks % COMPARE_EVERY_TICKS == 0;
    listed.stream()
        .filter(host -> compare || !hosts.containsValue(host))
        .forEach(host -> host.tell(new NodeHost.Attach(context.getSelf())));
    carryOut(placements.ticked(now()));
    return Behaviors.same();
  }

  private void carryOut(List<Placements.Decision> decisions) {
    decisions.forEach(decision -> {
      switch (decision) {
        case Placements.StartMember start ->
          tellHost(
              start.host(),
              new NodeHost.Start(
                  start.member(), start.group(), start.kind(), start.payload(), context.getSelf()));
        case Placements.StopMember stop ->
          tellHost(stop.host(), new NodeHost.Stop(stop.member(), context.getSelf()));
        case Placements.Granted granted -> tellOwner(granted.owner(), new Granted());
        case Placements.Queued queued -> tellOwner(queued.owner(), new Queued(queued.reason()));
        case Placements.EpochLost lost -> {
          context.getLog().info("{} loses epoch {}: {}", lost.owner(), lost.epoch(), lost.reason());
          tellOwner(lost.owner(), new EpochLost(lost.epoch(), lost.reason()));
        }
        case Placements.MembersChanged changed -> tellMembers(changed.owner(), changed.epoch());
      }
    });
  }

  private void tellMembers(String owner, long epoch) {
    List<Members.Member> running = new ArrayList<>();
    placements.runningMembers(owner, epoch).forEach((member, host) -> {
      ActorRef<MemberCommand> ref = refs.get(member);
      if (ref != null) {
        running.add(new Members.Member(member, ref, host));
      }
    });
    placements
        .wish(owner)
        .ifPresent(wish -> running.stream()
            .filter(member -> member.id().group().equals(wish.leader().name()))
            .forEach(leader -> leader.ref().tell(new Members(epoch, running))));
    tellOwner(owner, new Placed(epoch, running));
  }

  private void tellHost(String address, NodeHost.Command command) {
    ActorRef<NodeHost.Command> host = hosts.get(address);
    if (host != null) {
      host.tell(command);
    }
  }

  private void tellOwner(String name, Notice notice) {
    ActorRef<Notice> owner = owners.get(name);
    if (owner != null) {
      owner.tell(notice);
    }
  }

  private Instant now() {
    return clock.instant();
  }
}
