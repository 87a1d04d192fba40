package io.llmagentos.node.boot;

import io.llmagentos.node.Subsystem;
import io.llmagentos.node.bulk.Bulk;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.job.Job;
import io.llmagentos.node.placement.NodeHost;
import io.llmagentos.node.placement.Scheduler;
import io.llmagentos.node.rank.GradientExchange;
import io.llmagentos.node.wire.WireRegistry;
import java.util.List;
import java.util.stream.Collectors;

/** Everything that may cross the wire: the kernel's own types and the subsystems'; and the version of it all. */
public final class WireTypes {
  private static final int KERNEL_VERSION = 3;

  private WireTypes() {}

  public static WireRegistry of(List<Subsystem> subsystems) {
    WireRegistry registry = new WireRegistry();
    registry
        .add(100, Context.class)
        .add(101, Provenance.class)
        .add(102, ContentPart.Text.class)
        .add(103, ErrorCode.class)
        .add(110, NodeHost.Describe.class)
        .add(111, NodeHost.Description.class);
    register(registry, 120, Scheduler.WIRE_TYPES);
    register(registry, 160, Job.WIRE_TYPES);
    register(registry, 200, Bulk.WIRE_TYPES);
    register(registry, 220, GradientExchange.WIRE_TYPES);
    subsystems.forEach(subsystem -> subsystem.registerWireTypes(registry));
    return registry;
  }

  private static void register(WireRegistry registry, int first, List<Class<?>> types) {
    for (int i = 0; i < types.size(); i++) {
      registry.add(first + i, types.get(i));
    }
  }

  /** For example {@code node:1,agent:1,model:1}; a node joins only a cluster with the same. */
  static String version(List<Subsystem> subsystems) {
    return subsystems.stream()
        .map(subsystem -> subsystem.name() + ":" + subsystem.wireVersion())
        .sorted()
        .collect(Collectors.joining(",", "node:" + KERNEL_VERSION + ",", ""));
  }
}
