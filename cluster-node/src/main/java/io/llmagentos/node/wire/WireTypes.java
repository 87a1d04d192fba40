package io.llmagentos.node.wire;

import io.llmagentos.node.Subsystems;
import io.llmagentos.node.cluster.NodeHost;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.envelope.Provenance;
import io.llmagentos.node.error.ErrorCode;
import java.util.stream.Collectors;

/** The kernel's own wire types, and the version of everything on the wire. */
public final class WireTypes {
  private static final int KERNEL_VERSION = 1;

  private WireTypes() {}

  static WireRegistry discover() {
    WireRegistry registry = new WireRegistry();
    registry
        .add(100, Context.class)
        .add(101, Provenance.class)
        .add(102, ContentPart.Text.class)
        .add(103, ErrorCode.class)
        .add(110, NodeHost.Describe.class)
        .add(111, NodeHost.Description.class);
    Subsystems.discover().forEach(subsystem -> subsystem.registerWireTypes(registry));
    return registry;
  }

  /** For example {@code node:1,agent:1,model:1}; a node joins only a cluster with the same. */
  public static String version() {
    return Subsystems.discover().stream()
        .map(subsystem -> subsystem.name() + ":" + subsystem.wireVersion())
        .sorted()
        .collect(Collectors.joining(",", "node:" + KERNEL_VERSION + ",", ""));
  }
}
