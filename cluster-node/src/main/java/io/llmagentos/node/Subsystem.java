package io.llmagentos.node;

import io.llmagentos.node.journal.Projector;
import io.llmagentos.node.wire.WireRegistry;
import java.util.List;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * A part of the system that the kernel does not know: found by {@link java.util.ServiceLoader} on the class path, so a user's jar counts too. Its
 * settings live in its jar's {@code reference.conf} under {@code llmagentos.<name>}; the kernel refuses keys that no {@code reference.conf} names.
 */
public interface Subsystem {
  /** Short, lower case, stable: it names the settings section and is part of the wire version. */
  String name();

  /** The names of the subsystems whose services this one uses: they start before it. */
  default List<String> requires() {
    return List.of();
  }

  /** Raise when a message of this subsystem changes incompatibly; nodes of different versions refuse to join. */
  default int wireVersion() {
    return 1;
  }

  /** Register the types that cross the wire, with explicit ids that are only ever appended. */
  default void registerWireTypes(WireRegistry registry) {}

  /** The tables that this subsystem keeps from the journal. */
  default List<Projector> projectors() {
    return List.of();
  }

  /** Start actors and services, and add kinds of job to {@code JobKinds}. Called once, before the node joins the cluster. Throw {@code AgentOsException} to refuse to boot. */
  default void start(Node node) {}

  /** Contribute routes to the doors; called after every subsystem has started. */
  default List<Route> routes(Node node) {
    return List.of();
  }
}
