package io.llmagentos.node.cluster;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;

/**
 * Downs members whose process is gone, without waiting for the failure detector. A process is taken for gone when the launcher that started it
 * saw it exit, or when its port refuses connections several times in a row: a host that refuses is up and has nobody listening there. A host
 * that does not answer at all proves nothing (the network may be cut) and is left to the split-brain resolver.
 *
 * <p>Only TCP transports can be probed; with {@code aeron-udp} the launcher's word counts alone.
 */
public final class DeadProcessWatch {
  public sealed interface Command {}

  /** The launcher saw the process exit that had this address. */
  public record Exited(Address address) implements Command {}

  private record Probe() implements Command {}

  private record Probed(Address address, long uid, boolean refused) implements Command {}

  private final ActorContext<Command> context;
  private final Cluster cluster;
  private final Predicate<Address> refuses;
  private final int refusalsToDown;
  private final Executor blocking;
  private final Map<Long, Integer> refusals = new HashMap<>();
  private final Set<Long> probing = new HashSet<>();

  private DeadProcessWatch(
      ActorContext<Command> context,
      Predicate<Address> refuses,
      int refusalsToDown,
      Executor blocking) {
    this.context = context;
    this.cluster = Cluster.get(context.getSystem());
    this.refuses = refuses;
    this.refusalsToDown = refusalsToDown;
    this.blocking = blocking;
  }

  /**
   * @param probeEvery zero: never probe
   * @param refuses tells whether the address refuses a connection; may block
   */
  public static Behavior<Command> create(
      Duration probeEvery, int refusalsToDown, Predicate<Address> refuses, Executor blocking) {
    return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
      if (probeEvery.isPositive()) {
        timers.startTimerWithFixedDelay(new Probe(), probeEvery);
      }
      return new DeadProcessWatch(context, refuses, refusalsToDown, blocking).watching();
    }));
  }

  /** Connects to the address and reports whether it was refused at once. */
  public static boolean portRefuses(Address address, Duration timeout) {
    String host = address.getHost().orElse("");
    int port = address.getPort().orElse(0);
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), (int) timeout.toMillis());
      return false;
    } catch (ConnectException e) {
      return String.valueOf(e.getMessage()).contains("refused");
    } catch (IOException e) {
      return false;
    }
  }

  private Behavior<Command> watching() {
    return Behaviors.receive(Command.class)
        .onMessage(Probe.class, probe -> onProbe())
        .onMessage(Probed.class, this::onProbed)
        .onMessage(Exited.class, this::onExited)
        .build();
  }

  private Behavior<Command> onProbe() {
    Set<Long> present = new HashSet<>();
    for (Member member : cluster.state().getMembers()) {
      long uid = member.uniqueAddress().longUid();
      present.add(uid);
      if (!member.uniqueAddress().equals(cluster.selfMember().uniqueAddress())
          && probing.add(uid)) {
        Address address = member.address();
        context.pipeToSelf(
            CompletableFuture.supplyAsync(() -> refuses.test(address), blocking),
            (refused, failure) ->
                new Probed(address, uid, failure == null && Boolean.TRUE.equals(refused)));
      }
    }
    refusals.keySet().retainAll(present);
    return Behaviors.same();
  }

  private Behavior<Command> onProbed(Probed probed) {
    probing.remove(probed.uid());
    int inARow = probed.refused() ? refusals.merge(probed.uid(), 1, Integer::sum) : 0;
    if (!probed.refused()) {
      refusals.remove(probed.uid());
    }
    if (inARow == refusalsToDown) {
      context
          .getLog()
          .warn(
              "{} refused {} connections in a row: its process is gone, downing it",
              probed.address(),
              inARow);
      down(probed.address());
    }
    return Behaviors.same();
  }

  private Behavior<Command> onExited(Exited exited) {
    context.getLog().warn("the launcher saw {} exit: downing it", exited.address());
    down(exited.address());
    return Behaviors.same();
  }

  private void down(Address address) {
    for (Member member : cluster.state().getMembers()) {
      if (member.address().equals(address)
          && !MemberStatus.down().equals(member.status())
          && !address.equals(cluster.selfMember().address())) {
        cluster.manager().tell(new Down(address));
        ToldFailureDetector.tellGone(
            org.apache.pekko.cluster.Cluster.get(context.getSystem()), address);
      }
    }
  }
}
