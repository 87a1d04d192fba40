package io.llmagentos.node.cluster;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * Counts what became of the members, as this node saw it: {@code llmagentos.cluster.unreachable}, also of members that were heard again, and
 * {@code llmagentos.cluster.downed}.
 */
public final class MembershipMetrics {
  private MembershipMetrics() {}

  public static Behavior<ClusterEvent.ClusterDomainEvent> create(MeterRegistry metrics) {
    Counter unreachable = metrics.counter("llmagentos.cluster.unreachable");
    Counter downed = metrics.counter("llmagentos.cluster.downed");
    return Behaviors.setup(context -> {
      Cluster.get(context.getSystem())
          .subscriptions()
          .tell(Subscribe.create(context.getSelf(), ClusterEvent.ClusterDomainEvent.class));
      return Behaviors.receive(ClusterEvent.ClusterDomainEvent.class)
          .onMessage(ClusterEvent.UnreachableMember.class, event -> {
            unreachable.increment();
            return Behaviors.same();
          })
          .onMessage(ClusterEvent.MemberDowned.class, event -> {
            downed.increment();
            return Behaviors.same();
          })
          .onAnyMessage(other -> Behaviors.same())
          .build();
    });
  }
}
