package io.llmagentos.node.placement;

import io.llmagentos.node.wire.WireMessage;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * One per node: advertises what the node is, hosts and has room for, and spawns and stops members on the scheduler's word. Members run on a
 * dispatcher of their own, so that their computing keeps nobody's heartbeats waiting.
 */
public final class NodeHost {
  public static final ServiceKey<Command> KEY = ServiceKey.create(Command.class, "node-host");

  public sealed interface Command extends WireMessage {}

  public record Describe(ActorRef<Description> replyTo) implements Command {}

  /** The scheduler begins, or takes over: answered with {@link Scheduler.Offered}. */
  public record Attach(ActorRef<Scheduler.Command> scheduler) implements Command {}

  /** Start a member; what runs of its owner's earlier epochs is stopped. Answered with {@link Scheduler.Running} or {@link Scheduler.Ended}. */
  public record Start(
      MemberId member,
      Group group,
      String kind,
      String payload,
      ActorRef<Scheduler.Command> scheduler)
      implements Command {}

  public record Stop(MemberId member, ActorRef<Scheduler.Command> scheduler) implements Command {}

  /**
   * @param entities how many entities of each kind are in this node's memory
   * @param members the members that it hosts, in words
   */
  public record Description(
      String address,
      String door,
      String management,
      long pid,
      int cores,
      int heapMegabytes,
      long uptimeSeconds,
      Map<String, Integer> entities,
      List<String> members)
      implements WireMessage {
    public Description {
      entities = Map.copyOf(entities);
      members = List.copyOf(members);
    }
  }

  /**
   * What a host tells of its node.
   *
   * @param entities counters by kind, read at each question
   * @param factories by the kind of member
   */
  public record Self(
      String door,
      String management,
      Set<String> roles,
      Resources resources,
      Map<String, IntSupplier> entities,
      Map<String, MemberFactory> factories) {
    public Self {
      roles = Set.copyOf(roles);
      entities = Map.copyOf(entities);
      factories = Map.copyOf(factories);
    }
  }

  private record Hosted(Group group, ActorRef<MemberCommand> ref) {}

  private static final DispatcherSelector DISPATCHER =
      DispatcherSelector.fromConfig("llmagentos.jobs.dispatcher");

  private final ActorContext<Command> context;
  private final Self self;
  private final String address;
  private final Map<MemberId, Hosted> hosted = new LinkedHashMap<>();
  private final Map<ActorRef<Void>, MemberId> byRef = new HashMap<>();
  private ActorRef<Scheduler.Command> scheduler;

  private NodeHost(
      ActorContext<Command> context, Self self, ActorRef<Scheduler.Command> scheduler) {
    this.context = context;
    this.self = self;
    this.scheduler = scheduler;
    this.address = Cluster.get(context.getSystem()).selfMember().address().toString();
  }

  /** @param scheduler a proxy of the cluster's scheduler */
  public static Behavior<Command> create(Self self, ActorRef<Scheduler.Command> scheduler) {
    return Behaviors.setup(context -> {
      context.getSystem().receptionist().tell(Receptionist.register(KEY, context.getSelf()));
      return new NodeHost(context, self, scheduler).hosting();
    });
  }

  private Behavior<Command> hosting() {
    return Behaviors.receive(Command.class)
        .onMessage(Describe.class, this::onDescribe)
        .onMessage(Attach.class, this::onAttach)
        .onMessage(Start.class, this::onStart)
        .onMessage(Stop.class, this::onStop)
        .onSignal(ChildFailed.class, failed -> onGone(failed, failed.cause().toString()))
        .onSignal(Terminated.class, gone -> onGone(gone, ""))
        .build();
  }

  private Behavior<Command> onDescribe(Describe describe) {
    TreeMap<String, Integer> counts = new TreeMap<>();
    self.entities().forEach((kind, count) -> counts.put(kind, count.getAsInt()));
    describe
        .replyTo()
        .tell(new Description(
            address,
            self.door(),
            self.management(),
            ProcessHandle.current().pid(),
            Runtime.getRuntime().availableProcessors(),
            (int) (Runtime.getRuntime().maxMemory() >> 20),
            ManagementFactory.getRuntimeMXBean().getUptime() / 1000,
            counts,
            hosted.keySet().stream().map(MemberId::toString).toList()));
    return Behaviors.same();
  }

  private Behavior<Command> onAttach(Attach attach) {
    scheduler = attach.scheduler();
    scheduler.tell(new Scheduler.Offered(
        address,
        context.getSelf(),
        self.roles(),
        self.factories().keySet(),
        self.resources(),
        hosted.entrySet().stream()
            .map(entry -> new Scheduler.Hosting(
                entry.getKey(), entry.getValue().group(), entry.getValue().ref()))
            .toList()));
    return Behaviors.same();
  }

  private Behavior<Command> onStart(Start start) {
    scheduler = start.scheduler();
    MemberId member = start.member();
    Hosted running = hosted.get(member);
    MemberFactory factory = self.factories().get(start.kind());
    if (running != null) {
      scheduler.tell(new Scheduler.Running(member, running.ref()));
    } else if (factory == null) {
      scheduler.tell(new Scheduler.Ended(member, "this node cannot run " + start.kind()));
    } else if (hosted.keySet().stream()
        .anyMatch(
            other -> other.owner().equals(member.owner()) && other.epoch() > member.epoch())) {
      scheduler.tell(new Scheduler.Ended(member, "a later epoch runs here"));
    } else {
      hosted.keySet().stream()
          .filter(other -> other.owner().equals(member.owner()) && other.epoch() < member.epoch())
          .forEach(this::stop);
      ActorRef<MemberCommand> ref =
          context.spawn(factory.create(member, start.payload()), member.actorName(), DISPATCHER);
      context.watch(ref);
      hosted.put(member, new Hosted(start.group(), ref));
      byRef.put(ref.unsafeUpcast(), member);
      context.getLog().info("{} starts here", member);
      scheduler.tell(new Scheduler.Running(member, ref));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onStop(Stop stop) {
    scheduler = stop.scheduler();
    if (hosted.containsKey(stop.member())) {
      stop(stop.member());
    } else {
      scheduler.tell(new Scheduler.Ended(stop.member(), "it does not run here"));
    }
    return Behaviors.same();
  }

  private void stop(MemberId member) {
    Hosted running = hosted.get(member);
    if (running != null) {
      context.stop(running.ref());
    }
  }

  private Behavior<Command> onGone(Terminated gone, String failure) {
    MemberId member = byRef.remove(gone.getRef().<Void>unsafeUpcast());
    if (member != null) {
      hosted.remove(member);
      if (failure.isEmpty()) {
        context.getLog().info("{} ended here", member);
      } else {
        context.getLog().warn("{} failed here: {}", member, failure);
      }
      scheduler.tell(new Scheduler.Ended(member, failure.isEmpty() ? "it ended" : failure));
    }
    return Behaviors.same();
  }
}
