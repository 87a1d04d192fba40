package io.llmagentos.node.cluster;

import io.llmagentos.node.wire.WireMessage;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.typed.Cluster;

/** One per node: advertises what the node is and hosts. */
public final class NodeHost {
  public static final ServiceKey<Command> KEY = ServiceKey.create(Command.class, "node-host");

  public sealed interface Command {}

  public record Describe(ActorRef<Description> replyTo) implements Command, WireMessage {}

  /**
   * @param entities how many entities of each kind are in this node's memory
   */
  public record Description(
      String address,
      String door,
      String management,
      long pid,
      int cores,
      int heapMegabytes,
      long uptimeSeconds,
      Map<String, Integer> entities)
      implements WireMessage {
    public Description {
      entities = Map.copyOf(entities);
    }
  }

  private NodeHost() {}

  /**
   * @param entities counters by kind, read at each question
   */
  public static Behavior<Command> create(
      String door, String management, Map<String, IntSupplier> entities) {
    return Behaviors.setup(context -> {
      String address = Cluster.get(context.getSystem()).selfMember().address().toString();
      context.getSystem().receptionist().tell(Receptionist.register(KEY, context.getSelf()));
      return Behaviors.receive(Command.class)
          .onMessage(Describe.class, describe -> {
            TreeMap<String, Integer> counts = new TreeMap<>();
            entities.forEach((kind, count) -> counts.put(kind, count.getAsInt()));
            describe
                .replyTo()
                .tell(new Description(
                    address,
                    door,
                    management,
                    ProcessHandle.current().pid(),
                    Runtime.getRuntime().availableProcessors(),
                    (int) (Runtime.getRuntime().maxMemory() >> 20),
                    ManagementFactory.getRuntimeMXBean().getUptime() / 1000,
                    counts));
            return Behaviors.same();
          })
          .build();
    });
  }
}
